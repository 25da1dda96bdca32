import type pg from 'pg';
import type { Logger } from '../observability/logger.js';
import { openPool, socketOf } from '../database/pool.js';
import { DEFAULT_WAITS } from '../config/waits.js';

/**
 * The worker's own connections, so that it never waits behind requests nor they behind it. One that says
 * nothing for too long while it is in use is cut; `mayBeSilent` excepts the one that listens.
 */
export function openWorkerPool(
  url: string,
  size: number,
  log: Logger,
  wait = DEFAULT_WAITS.worker,
): pg.Pool {
  return openPool(url, { size, wait, broken: 'a connection of the worker broke' }, log);
}

/** Lets a connection of the pool wait without end for what others tell it. */
export function mayBeSilent(client: pg.PoolClient): void {
  socketOf(client).setTimeout(0);
}
