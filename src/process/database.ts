import type { Config } from '../config/config.js';
import { StartError } from '../core/errors.js';
import { LISTENING_CONNECTIONS } from '../database/changes.js';
import { WORKER_CONNECTIONS } from '../database/enqueue.js';
import { settleDatabase } from '../database/fitness.js';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../embedded-postgres/index.js';
import { SEARCH_BOUNDS } from '../database/searching.js';

/** Connections: of its hundred, for commands beside the server need some too. */
const EMBEDDED_ROOM = 80;

/** A database to work with, and how to leave it. */
export type ProvidedDatabase = Pick<EmbeddedDatabase, 'url' | 'notes' | 'stop'>;

/** The database of these settings: the one at `DATABASE_URL`, else an embedded one. @throws StartError */
export async function provideDatabase(
  config: Config,
  role: 'owner' | 'guest',
): Promise<ProvidedDatabase> {
  if (config.databaseUrl) {
    return {
      url: await settleDatabase(config.databaseUrl),
      notes: [],
      stop: () => Promise.resolve(),
    };
  }
  if (connectionsOf(config) > EMBEDDED_ROOM) {
    throw new StartError(
      `The embedded database has room for ${EMBEDDED_ROOM} connections: lower DATABASE_POOL_SIZE${config.webConcurrency > 1 ? ' or WEB_CONCURRENCY' : ''}, or set DATABASE_URL.`,
    );
  }
  return startEmbeddedDatabase({ dataDir: config.dataDir, role });
}

/**
 * As many as a server with these settings may open: a pool in each process, what listens and what searches in each
 * web process, the worker.
 */
function connectionsOf({ databasePoolSize, webConcurrency }: Config): number {
  const processes = webConcurrency === 1 ? 1 : webConcurrency + 1;
  const beside = webConcurrency * (LISTENING_CONNECTIONS + SEARCH_BOUNDS.atOnce);
  return processes * databasePoolSize + beside + WORKER_CONNECTIONS;
}
