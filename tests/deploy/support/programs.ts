import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { accountForRoot } from '../../../src/embedded-postgres/account.js';
import { run, spawnOptions, type Account } from '../../../src/embedded-postgres/processes.js';

/** A program of Debian's, in the folder of its package, that runs as an ordinary user. */
export interface RunningProgram {
  process: ChildProcess;
  /** What it wrote until now. */
  output: () => string;
  /** Tells it to stop by this signal, and waits until it has. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
}

/** A folder of the ordinary user's, to be removed again. */
export interface Folder {
  path: string;
  remove: () => Promise<void>;
}

const running = new Set<ChildProcess>();

/** Where a program lies, or undefined. Debian keeps PostgreSQL's servers apart from the PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [...postgresFolders(), ...(process.env.PATH ?? '').split(':'), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(canRun);
}

/** The account for programs that refuse to run as root; undefined when we are somebody else. */
export async function account(): Promise<Account | undefined> {
  return process.getuid?.() === 0 ? accountForRoot([]) : undefined;
}

/** Makes a folder that the program's account owns. */
export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'dreamjar-deploy-'));
  const owner = await account();
  if (owner) await chown(path, owner.uid, owner.gid);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Runs a program to its end and gives its output. @throws Error with the output when it fails. */
export async function runProgram(name: string, args: string[]): Promise<string> {
  const { ok, output } = await run(await account(), findProgram(name)!, args);
  if (!ok) throw new Error(`${name} failed: ${output}`);
  return output;
}

/** Starts a program and waits until its port takes connections, and it has said that it is ready, if it does. */
export async function startProgram(
  name: string,
  args: string[],
  port: number,
  ready = /^/,
): Promise<RunningProgram> {
  const child = spawn(findProgram(name)!, args, {
    ...spawnOptions(await account()),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  const keep = (chunk: Buffer) => (output += chunk.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'close').then(() => running.delete(child));
  while (!ready.test(output) || !(await takesConnections(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
    await wait(50);
  }
  return {
    process: child,
    output: () => output,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
  };
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

/** The newest version first. */
function postgresFolders(): string[] {
  const base = '/usr/lib/postgresql';
  const versions = readFolder(base).sort((one, other) => Number(other) - Number(one));
  return versions.map((version) => join(base, version, 'bin'));
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
