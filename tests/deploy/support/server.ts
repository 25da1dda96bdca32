import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../../support/built.js';

/** A process of ours, as the README starts it in production. */
export interface ServerProcess {
  process: ChildProcess;
  out: () => string;
  err: () => string;
  /** Its exit code, once it is over. */
  ended: Promise<number | null>;
}

/** A server that listens. */
export interface RunningServer extends ServerProcess {
  address: string;
  stop: () => Promise<number | null>;
}

const JWT_SECRET = 'a secret for the tests of deployments, and for nothing else';

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Runs one of the built programs, such as `process/server` or `cli/migrate`, with nothing of our own environment. */
export async function runBuilt(
  program: string,
  env: Record<string, string>,
): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-deploy-server-'));
  const settings = {
    ...{ PATH: process.env.PATH ?? '', NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '0' },
    ...{ JWT_SECRET, DATA_DIR: folder, RATE_LIMIT: 'off' },
  };
  // Started elsewhere, so that no .env of the checkout is read.
  const child = spawn(process.execPath, [built(program)], {
    cwd: folder,
    env: { ...settings, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const ended = once(child, 'close').then(async ([code]) => {
    running.delete(child);
    await rm(folder, { recursive: true, force: true });
    return code as number | null;
  });
  return { process: child, out: () => out, err: () => err, ended };
}

/** Starts the server and waits until it listens. @throws Error with its words when it ends before. */
export async function startServer(env: Record<string, string>): Promise<RunningServer> {
  const server = await runBuilt('process/server', env);
  const address = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const found = /"address":"(http:[^"]+)"/.exec(server.out())?.[1];
      if (found) resolve(found);
    };
    server.process.stdout!.on('data', look);
    void server.ended.then(() => reject(new Error(server.out() + server.err())));
  });
  return {
    ...server,
    address,
    stop: () => {
      server.process.kill('SIGTERM');
      return server.ended;
    },
  };
}

/** The sentence with which a start ends that can't go on. @throws Error when it listens or says more than that. */
export async function refusalOf(
  env: Record<string, string>,
  program = 'process/server',
): Promise<string> {
  const server = await runBuilt(program, env);
  server.process.stdout!.on('data', () => {
    if (server.out().includes('"listening"')) server.process.kill('SIGTERM');
  });
  const code = await server.ended;
  const said = server.err().trim();
  if (code !== 1 || said === '' || said.includes('\n')) {
    throw new Error(`no refusal, but exit code ${code}: ${server.out()}${server.err()}`);
  }
  return said;
}
