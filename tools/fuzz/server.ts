import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startEmbeddedDatabase } from '../../src/embedded-postgres/index.js';

/** A server of one's own, as it is built, on a database of its own. */
export interface OwnServer {
  address: string;
  /** Stripe's, to sign events with. */
  webhookSecret: string;
  /** What it logged at the level of errors and above, by the id of the request. */
  logOf(requestId: string): string[];
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../../dist/process/server.js', import.meta.url));

/** Nobody listens there: Google and Stripe are set up, and away. */
const NOWHERE = 'http://127.0.0.1:1';

const WEBHOOK_SECRET = 'whsec_of_fuzzing_and_of_nothing_else';

const SETTINGS = {
  HOST: '127.0.0.1',
  PORT: '0',
  RATE_LIMIT: 'off',
  MAX_CHILDREN: '10000',
  MAX_CAMPAIGNS: '10000',
  MAX_OPEN_CAMPAIGNS: '10000',
  BCRYPT_COST: '4',
  LOG_LEVEL: 'error',
  JWT_SECRET: 'a secret for fuzzing, and for nothing else',
  GOOGLE_CLIENT_ID: 'fuzz',
  GOOGLE_CLIENT_SECRET: 'fuzz',
  GOOGLE_CALLBACK_URL: 'http://localhost:3000/api/auth/google/callback/',
  GOOGLE_AUTHORIZATION_URL: NOWHERE,
  GOOGLE_TOKEN_URL: NOWHERE,
  GOOGLE_USERINFO_URL: NOWHERE,
  PUBLIC_URL: 'http://localhost:3000',
  FRONTEND_URL: 'http://localhost:5173',
  STRIPE_SECRET_KEY: 'sk_test_fuzz',
  STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
  STRIPE_API_BASE: NOWHERE,
};

/** Starts a server in a temporary folder. @throws Error with what it printed when it doesn't come up. */
export async function startOwnServer(): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-fuzz-'));
  const database = await startEmbeddedDatabase({ dataDir: folder, durable: false });
  const { PATH = '', HOME = '' } = process.env;
  // In the folder, so that no .env is read.
  const child = spawn(process.execPath, [PROGRAM], {
    cwd: folder,
    env: { PATH, HOME, DATA_DIR: folder, DATABASE_URL: database.url, ...SETTINGS },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const logged: string[] = [];
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    await database.stop();
    // As root the cluster may lie elsewhere, for its account can't enter our folder.
    for (const one of [folder, database.folder]) await rm(one, { recursive: true, force: true });
  };
  const address = await new Promise<string | undefined>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      logged.push(line);
      const [, listening] = /listens on +(http:\S+)/.exec(line) ?? [];
      if (listening !== undefined) resolve(listening);
    });
    void ended.then(() => resolve(undefined));
  });
  if (address === undefined) {
    await stop();
    throw new Error(`The server did not start: ${logged.join('\n')}`);
  }
  const logOf = (id: string) => logged.filter((line) => line.includes(id));
  return { address, webhookSecret: WEBHOOK_SECRET, logOf, stop };
}
