import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { answerScrapes } from '../observability/cluster-metrics.js';
import { StartError } from '../core/errors.js';
import type { Logger } from '../observability/logger.js';
import { urlOf } from '../http/server/listen.js';
import type { RunningWeb } from './web.js';

/** Milliseconds before a process that died is replaced: one that lived long at once, others ever later. */
const PAUSE = { shortest: 1_000, longest: 30_000 };

/** Milliseconds: who lived longer didn't die of its start. */
const LONG_LIFE = 10_000;

/** Milliseconds after which a process that doesn't stop is killed. */
const LONGEST_STOP = 7_000;

/** What a web process says of a start that the settings don't allow. */
interface Complaint {
  startError: string;
}

/** What a cluster is started with. */
export interface ClusterDeps {
  processes: number;
  /** What they are told beside our own environment. */
  env: Record<string, string>;
  log: Logger;
  /** Told when a process can't be replaced, for a reason of the settings. */
  onStartError: (error: StartError) => void;
}

/**
 * Serves the API in several processes that listen on one port; one that dies is replaced.
 * @throws StartError when the settings don't allow it, and an error when one dies before it listens.
 */
export async function startCluster(deps: ClusterDeps): Promise<RunningWeb> {
  answerScrapes();
  const ending = new AbortController();
  const children = Array.from({ length: deps.processes }, () => cluster.fork(deps.env));
  const places = children.map((child) => keepFilled(child, deps, ending.signal));
  const stop = async () => {
    ending.abort();
    signalAll('SIGTERM');
    const late = setTimeout(() => signalAll('SIGKILL'), LONGEST_STOP);
    await Promise.all(places);
    clearTimeout(late);
  };
  try {
    const [address] = await Promise.all(children.map(whereItListens));
    return { address: address!, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Has the primary end with this error, in its stead. */
export async function complain({ message }: StartError): Promise<void> {
  const complaint: Complaint = { startError: message };
  await new Promise((resolve) => process.send!(complaint, resolve));
}

/**
 * Makes this web process one with the others: it tells its metrics, and calls `stop` when the primary has
 * died, where Node would end the process at once, amid its requests.
 */
export function joinCluster(stop: () => void): void {
  answerScrapes();
  const us = cluster.worker!;
  us.once('disconnect', () => {
    us.exitedAfterDisconnect = true;
    stop();
  });
}

/** Until the end, replaces the process in one place each time it dies. */
async function keepFilled(first: Worker, deps: ClusterDeps, ending: AbortSignal): Promise<void> {
  let pause = 0;
  for (let child = first; ; child = cluster.fork(deps.env)) {
    if (child !== first) whereItListens(child).catch(onlyStartErrors(deps.onStartError));
    const began = performance.now();
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    if (ending.aborted) return;
    const livedLong = performance.now() - began > LONG_LIFE;
    pause = livedLong ? 0 : Math.min(Math.max(pause * 2, PAUSE.shortest), PAUSE.longest);
    const death = { child: child.process.pid, code, signal, pause };
    deps.log.error(death, 'a web process died and is replaced');
    const goesOn = await wait(pause, true, { signal: ending }).catch(() => false);
    if (!goesOn) return;
  }
}

/** Its address, once a process listens. Throws its complaint, or that it died before. */
function whereItListens(child: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('listening', resolve);
    child.on('message', ({ startError }: Partial<Complaint>) => {
      if (startError !== undefined) reject(new StartError(startError));
    });
    child.once('exit', (code: number | null, signal: string | null) => {
      reject(new Error(`a web process died before it listened (${signal ?? code})`));
    });
  }).then((at) => urlOf(at as { address: string; port: number }));
}

/** Deaths are seen by their exit already. */
function onlyStartErrors(tell: (error: StartError) => void) {
  return (error: unknown) => {
    if (error instanceof StartError) tell(error);
  };
}

function signalAll(signal: NodeJS.Signals): void {
  for (const child of Object.values(cluster.workers ?? {})) child?.process.kill(signal);
}
