import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A server as it runs in production, but that it listens to this machine and limits nobody. */
export interface Server {
  address: string;
  /** Milliseconds from its start until it listened. */
  startedIn: number;
  /** Ends it with no warning. */
  kill(): Promise<void>;
  /** Asks it to stop. Gives its exit code; null when it had to be killed. */
  terminate(): Promise<number | null>;
  /** The ids of the requests that it has read whole, of those that bear one. */
  requestsRead(): Promise<Set<string>>;
}

const BUILT = fileURLToPath(new URL('../../dist/process/server.js', import.meta.url));
/** Every server's here, so that a token is good at all of them. */
export const JWT_SECRET = 'a secret for chaos, and no other';

const WITNESS = new URL('witness.mjs', import.meta.url).href;

/** Milliseconds. */
const LONGEST_START = 60_000;
const LONGEST_STOP = 15_000;
const LOOK_EVERY = 10;

let started = 0;

/** Starts the built server; its output goes to a file in the folder. @throws Error when it doesn't listen. */
export async function startServer(
  folder: string,
  databaseUrl: string,
  settings: Record<string, string> = {},
): Promise<Server> {
  started += 1;
  const log = join(folder, `server-${process.pid}-${started}.log`);
  const witness = join(folder, `server-${process.pid}-${started}.read`);
  const output = openSync(log, 'a');
  const { PATH = '', HOME = '' } = process.env;
  const began = performance.now();
  // In the folder, so that no .env is read.
  const child = spawn(process.execPath, ['--import', WITNESS, BUILT], {
    cwd: folder,
    env: {
      ...{ PATH, HOME, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '0', RATE_LIMIT: 'off' },
      ...{ DATABASE_URL: databaseUrl, DATA_DIR: folder, JWT_SECRET, CHAOS_WITNESS: witness },
      ...settings,
    },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const killAtOurEnd = () => child.kill('SIGKILL');
  process.once('exit', killAtOurEnd);
  void exit.then(() => process.off('exit', killAtOurEnd));

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP);
    const [code] = await exit;
    clearTimeout(late);
    return code;
  };
  const read = (file: string) => readFile(file, 'utf8').catch(() => '');
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const address = await listening(() => read(log), isOver, began);
  if (address === undefined) {
    await end('SIGKILL');
    throw new Error(`The server did not start: ${await read(log)}`);
  }
  return {
    address,
    startedIn: performance.now() - began,
    kill: () => end('SIGKILL').then(() => undefined),
    terminate: () => end('SIGTERM'),
    requestsRead: async () => new Set((await read(witness)).split('\n')),
  };
}

async function listening(
  log: () => Promise<string>,
  isOver: () => boolean,
  began: number,
): Promise<string | undefined> {
  while (performance.now() - began < LONGEST_START && !isOver()) {
    const [, address] = /"address":"(http:[^"]+)"/.exec(await log()) ?? [];
    if (address !== undefined) return address;
    await sleep(LOOK_EVERY);
  }
  return undefined;
}
