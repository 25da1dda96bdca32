import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../core/errors.js';
import { knock, type Link } from './connect.js';
import type { Place } from './place.js';
import { findPostmaster, lastPort, stopPostmaster } from './postmaster.js';
import { complaint, spawnOptions } from './processes.js';
import { settings } from './settings.js';

/** How to start PostgreSQL when none runs. */
export interface Launch {
  durable: boolean;
  /** This port and no other. Without it: the last one if it is free, else any. */
  port?: number;
  signal: AbortSignal;
}

const PATIENCE = 30_000;
const PATIENCE_IN_RECOVERY = 60_000;
const LAUNCHES = 5;

/**
 * A link to the PostgreSQL of this place, which is started when none runs. Rejects with a
 * StartError, or with an AbortError when the signal asks to give up.
 */
export async function reach(place: Place, how: Launch): Promise<Link> {
  const began = Date.now();
  let child: Launched | undefined;
  let code = '';
  for (let launches = 0; ; await sleep(20)) {
    if (how.signal.aborted) child?.giveUp();
    how.signal.throwIfAborted();
    const running = await findPostmaster(place);
    if (running) {
      const answer = await knock(place, running.port);
      if (typeof answer !== 'string') return answer;
      code = answer;
    } else if (!child || child.isOver()) {
      // Another start may hold the folder, another program the port: both pass.
      if (launches === LAUNCHES) throw await failure(place);
      if (child) await sleep(50 * 2 ** launches);
      launches += 1;
      child = await launch(place, await choosePort(place, how, launches), how.durable);
    }
    // 57P03: it is there, and busy with recovery or shutting down.
    const recovering = running !== undefined && code === '57P03';
    if (Date.now() - began < (recovering ? PATIENCE_IN_RECOVERY : PATIENCE)) continue;
    if (recovering) {
      throw new StartError(
        `The database in ${place.dataDir} is still recovering from its last end: start again in a minute.`,
      );
    }
    await stopPostmaster(place);
    throw await failure(place);
  }
}

interface Launched {
  isOver(): boolean;
  giveUp(): void;
}

/** In a process group of its own, so that Ctrl-C stops Node alone and requests can finish. */
async function launch(place: Place, port: number, durable: boolean): Promise<Launched> {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW } = constants;
  // The folder is another account's when we are root: never follow a link out of it.
  const flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW;
  const log = await open(logOf(place), flags, 0o600);
  try {
    const child: ChildProcess = spawn(
      join(place.programs.bin, 'postgres'),
      ['-D', place.cluster, ...settings(port, durable)],
      { ...spawnOptions(place.account), detached: true, stdio: ['ignore', log.fd, log.fd] },
    );
    let over = false;
    child.on('exit', () => (over = true));
    child.on('error', () => (over = true));
    child.unref();
    return { isOver: () => over, giveUp: () => child.kill('SIGINT') };
  } finally {
    await log.close();
  }
}

async function choosePort(place: Place, how: Launch, launches: number): Promise<number> {
  if (how.port !== undefined) return how.port;
  const last = launches === 1 ? await lastPort(place) : undefined;
  return (last !== undefined && (await freePort(last))) || (await freePort(0)) || 0;
}

function freePort(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function failure(place: Place): Promise<StartError> {
  const log = await readFile(logOf(place), 'utf8').catch(() => '');
  return new StartError(
    `PostgreSQL doesn't start in ${place.folder} (${complaint(log)}): ${logOf(place)} says more; or set DATA_DIR to another folder.`,
  );
}

function logOf(place: Place): string {
  return join(place.folder, 'postgres.log');
}
