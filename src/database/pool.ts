import type { Socket } from 'node:net';
import pg from 'pg';
import type { Logger } from '../observability/logger.js';
import { countConnections } from '../observability/metrics.js';
import { SESSION_CLIENT, sessionConfig } from './session.js';
import { reportSlowQueries } from '../observability/slow-queries.js';
import type { PoolWaits } from '../config/waits.js';

/** The bounds of a pool. */
export interface PoolOptions {
  /** Connections at most. */
  size: number;
  wait: PoolWaits;
  /** What the log says of a connection that broke while idle. */
  broken: string;
  /** Settings of its sessions, beside those of all. */
  settings?: Record<string, string>;
}

/**
 * Opens a pool of connections to PostgreSQL that connects on first use. One that breaks is replaced, and one
 * in use that says nothing for too long is cut; slow statements are logged, connections counted until it ends.
 */
export function openPool(
  url: string,
  { size, wait, broken, settings }: PoolOptions,
  log: Logger,
): pg.Pool {
  const { connection, lock, statement, transaction } = wait;
  const pool = new CountedPool({
    ...sessionConfig(url, { lock, statement, transaction }, settings),
    Client: SESSION_CLIENT,
    max: size,
    connectionTimeoutMillis: connection,
  });
  pool.on('error', (error) => log.warn({ err: error }, broken));
  cutSilentConnections(pool, wait.answer);
  reportSlowQueries(pool, wait.slow, log);
  return pool;
}

/** Does work on a connection and gives it back. One that failed is closed, and whatever it left open with it. */
export async function releasing<Result>(
  client: pg.PoolClient,
  work: () => Promise<Result>,
): Promise<Result> {
  let failure: Error | undefined;
  try {
    return await work();
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}

/** The way by which a connection speaks. */
export function socketOf(client: pg.PoolClient): Socket {
  return client.connection.stream as Socket;
}

class CountedPool extends pg.Pool {
  readonly #uncount = countConnections(this);

  override async end(): Promise<void> {
    await super.end().finally(this.#uncount);
  }
}

/**
 * Ends a connection in use that says nothing for too long, and with it all that waits for it: what it said
 * later would belong to nobody, and the pool must not lend it with a transaction still open.
 */
function cutSilentConnections(pool: pg.Pool, longest: number): void {
  pool.on('connect', (client) => {
    const socket = socketOf(client);
    socket.on('timeout', () => socket.destroy());
  });
  pool.on('acquire', (client) => socketOf(client).setTimeout(longest));
  pool.on('release', (_error, client) => socketOf(client).setTimeout(0));
}
