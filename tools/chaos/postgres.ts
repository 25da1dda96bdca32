import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { prepareCluster } from '../../src/embedded-postgres/cluster.js';
import { ensureDatabase, urlOf } from '../../src/embedded-postgres/connect.js';
import { reach } from '../../src/embedded-postgres/launch.js';
import { findPlace } from '../../src/embedded-postgres/place.js';
import { findPostmaster, stopPostmaster } from '../../src/embedded-postgres/postmaster.js';

/** A PostgreSQL of our own with nobody who keeps it running, as durable as in production. */
export interface Postgres {
  url: string;
  /** Where its files are. */
  folder: string;
  /** Starts it on its port, and waits until it takes statements. */
  start(): Promise<void>;
  /** As pg_ctl's immediate mode: no goodbye, and recovery at the next start. */
  stopAtOnce(): Promise<void>;
  /** Stops every process of it in its tracks; the system still takes connections for it. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  stop(): Promise<void>;
}

/** Makes and starts one in a folder. @throws StartError when it doesn't start. */
export async function openPostgres(dataDir: string): Promise<Postgres> {
  const place = await findPlace(dataDir);
  await prepareCluster(place, true);
  let port: number | undefined;
  let frozen: number[] = [];

  async function start(): Promise<void> {
    const { signal } = new AbortController();
    const link = await reach(place, { durable: true, signal, ...(port !== undefined && { port }) });
    ({ port } = link);
    await ensureDatabase(link);
    await link.client.end();
  }

  async function stopAtOnce(): Promise<void> {
    const running = await findPostmaster(place);
    if (running) process.kill(running.pid, 'SIGQUIT');
    while (await findPostmaster(place)) await sleep(5);
  }

  async function freeze(): Promise<void> {
    const { pid } = (await findPostmaster(place))!;
    // First the one that could start others.
    process.kill(pid, 'SIGSTOP');
    frozen = [pid, ...(await childrenOf(pid))];
    for (const child of frozen.slice(1)) signal(child, 'SIGSTOP');
  }

  function thaw(): Promise<void> {
    for (const pid of frozen.splice(0).reverse()) signal(pid, 'SIGCONT');
    return Promise.resolve();
  }

  await start();
  return {
    url: await urlOf(place, port!),
    folder: place.folder,
    ...{ start, stopAtOnce, freeze, thaw },
    stop: () => thaw().then(() => stopPostmaster(place)),
  };
}

async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid] : []));
}

/** It may have ended meanwhile. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
