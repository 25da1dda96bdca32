import type { Socket } from 'node:net';
import pg from 'pg';
import type { Logger } from '../core/logger.js';

/** Milliseconds: no answer of the database is waited for longer. */
const WAIT = { connection: 2_000, statement: 4_000, answer: 5_000 };

/**
 * The worker's own connections, so that it never waits behind requests nor they behind it. One that says
 * nothing for too long while it is in use is cut; `mayBeSilent` excepts the one that listens.
 */
export function openWorkerPool(url: string, size: number, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    application_name: 'dreamjar',
    // Prisma writes moments without their offset.
    options: '-c timezone=UTC',
    keepAlive: true,
    connectionTimeoutMillis: WAIT.connection,
    statement_timeout: WAIT.statement,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'a connection of the worker broke'));
  pool.on('connect', (client) => {
    // A connection that breaks in use fails its query; unheard, the event would end the process.
    client.on('error', () => undefined);
    const socket = socketOf(client);
    socket.on('timeout', () => socket.destroy());
  });
  pool.on('acquire', (client) => socketOf(client).setTimeout(WAIT.answer));
  pool.on('release', (_error, client) => socketOf(client).setTimeout(0));
  return pool;
}

/** Lets a connection of the pool wait without end for what others tell it. */
export function mayBeSilent(client: pg.PoolClient): void {
  socketOf(client).setTimeout(0);
}

function socketOf(client: pg.PoolClient): Socket {
  return client.connection.stream as Socket;
}
