import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { builtAndWide } from '../built.js';

const PROGRAM = builtAndWide('process/server');

/** Characters of its log that are kept, to be shown when it goes wrong. */
const LAST_WORDS = 4_000;

/** Two servers as processes over one database, as a deployment has them. */
export interface Servers {
  /** The address of one that listens, in turn. */
  address(): Promise<string>;
  /** Kills one by SIGKILL, once both listen, and starts another in its place. */
  kill(): Promise<void>;
  /** The processes that were killed so far. */
  killed: number;
  stop(): Promise<void>;
}

interface Server {
  process: ChildProcess;
  /** Rejects when it ends before it listens. */
  address: Promise<string>;
  listens: boolean;
}

/** Starts two with the same settings. */
export async function startServers(env: Record<string, string>): Promise<Servers> {
  const running = [start(env), start(env)];
  const bothListen = () => Promise.all(running.map(({ address }) => address));
  await bothListen();
  let turn = 0;
  const servers: Servers = {
    killed: 0,
    address: () => {
      const listening = running.filter(({ listens }) => listens);
      turn += 1;
      return listening[turn % listening.length]!.address;
    },
    kill: async () => {
      await bothListen();
      const doomed = running.shift()!;
      await end(doomed);
      servers.killed += 1;
      running.push(start(env));
    },
    stop: async () => {
      await Promise.all(running.splice(0).map(end));
    },
  };
  return servers;
}

function start(env: Record<string, string>): Server {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, PROGRAM, {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const address = new Promise<string>((resolve, reject) => {
    const hear = (text: unknown) => {
      said = (said + String(text)).slice(-LAST_WORDS);
      const listening = /DreamJar listens on +(http:\S+)/.exec(said)?.[1];
      if (listening !== undefined) resolve(listening);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`a server did not start: ${said}`)));
  });
  const server: Server = { process: child, address, listens: false };
  // Whoever waits for the address hears why there is none.
  address.then(
    () => (server.listens = true),
    () => undefined,
  );
  return server;
}

async function end({ process: child }: Server): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
