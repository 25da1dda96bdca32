import { execFile } from 'node:child_process';
import { readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Place } from './place.js';
import { isAlive } from './processes.js';

/** The PostgreSQL that runs on a cluster, as its own pid file tells. */
export interface Postmaster {
  pid: number;
  port: number;
}

/** The PostgreSQL that runs on this cluster, whoever started it; a stale pid file is removed. */
export async function findPostmaster(place: Place): Promise<Postmaster | undefined> {
  const file = join(place.cluster, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  if (await worksOn(place.cluster, pid)) return { pid, port };
  // PostgreSQL would take this process for one of its own and refuse to start.
  await rm(file, { force: true });
  return undefined;
}

/** The port of the last start: keeping it lets other programs keep their settings. */
export async function lastPort(place: Place): Promise<number | undefined> {
  const options = await readFile(join(place.cluster, 'postmaster.opts'), 'utf8').catch(() => '');
  const port = /"port=(\d+)"/.exec(options)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Stops it, in six seconds at most: connections are cut, what was committed is kept. */
export async function stopPostmaster(place: Place): Promise<void> {
  const running = await findPostmaster(place);
  if (!running) return;
  for (const [signal, patience] of [
    ['SIGINT', 5_000],
    ['SIGQUIT', 1_000],
  ] as const) {
    try {
      process.kill(running.pid, signal);
    } catch {
      return;
    }
    for (const end = Date.now() + patience; Date.now() < end; await sleep(20)) {
      // The pid file goes a moment before the process does.
      if (!isAlive(running.pid) || !(await worksOn(place.cluster, running.pid))) return;
    }
  }
}

/** A pid alone proves nothing: it may be used again, and a copied folder brings another's. */
async function worksOn(cluster: string, pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    // postgres enters its cluster at once. Without the right to look, its command line must do.
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (folder !== undefined) return folder === cluster;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return command.split('\0').includes(cluster);
  }
  const ps = promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  const command = await ps.then(({ stdout }) => stdout).catch(() => '');
  return command.includes(`-D ${cluster} `);
}
