import { setFlagsFromString } from 'node:v8';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.js';
import { isConflict } from '../core/database-errors.js';
import { readDatabaseUrl } from './database-url.js';
import type { Logger } from '../observability/logger.js';
import { openPool } from './pool.js';
import type { RunSearch, RunStatement, Statement } from './statement.js';
import { openSearches, SEARCH_BOUNDS, type SearchBounds } from './searching.js';
import { DEFAULT_WAITS } from '../config/waits.js';

const CONFLICT_TRIES = 4;

/**
 * V8 compiles WebAssembly by its baseline compiler only. There is one such module, Prisma's query compiler: to
 * optimise it too takes 20 MB at its first use and makes it no faster (docs/benchmarks.md).
 */
const BASELINE_ONLY = '--liftoff-only';

/** A Prisma client inside a transaction. */
export type Transaction = Omit<
  PrismaClient,
  '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'
>;

/** The one door to PostgreSQL: Prisma for writes and simple reads, statements for the hot ones. */
export interface Database {
  prisma: PrismaClient;
  /** Runs one statement and gives its rows. */
  query: RunStatement;
  /**
   * Runs a statement whose work depends on what a stranger asks for: a few at once, on connections of their own and
   * under a shorter time limit, so that they can't hold up anything else. @throws Refusal `unavailable`.
   */
  search: RunSearch;
  /** Runs `work` in a transaction, again when it met another in a deadlock. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** The same door inside a transaction: all that is done through it commits or fails as one. */
export function databaseWithin(tx: Transaction): Database {
  return {
    // A verb that runs inside sees nothing of it: what only the whole client can, it does not need.
    prisma: tx as PrismaClient,
    query: <Row>({ text }: Statement, values: unknown[]) =>
      tx.$queryRawUnsafe<Row[]>(text, ...values),
    search: () => Promise.reject(new Error('A search has no place in a transaction.')),
    transaction: (work) => work(tx),
    close: () => Promise.resolve(),
  };
}

/**
 * Opens a pool of at most `poolSize` connections, shared by Prisma and the statements, and a small one for searches.
 * Connects on first use; a connection that breaks while idle is logged and replaced.
 */
export function openDatabase(
  url: string,
  poolSize: number,
  log: Logger,
  bounds: SearchBounds = SEARCH_BOUNDS,
  wait = DEFAULT_WAITS.database,
): Database {
  setFlagsFromString(BASELINE_ONLY);
  const broken = 'a database connection broke';
  const pool = openPool(url, { size: poolSize, wait, broken }, log);
  const { schema } = readDatabaseUrl(url);
  const searches = openSearches(url, bounds, wait.slow, log);
  const adapter = new PrismaPg(pool, {
    ...(schema !== undefined && { schema }),
    onConnectionError: (error) => log.warn({ err: error }, broken),
  });
  const prisma = new PrismaClient({
    adapter,
    errorFormat: 'minimal',
    transactionOptions: { maxWait: wait.connection, timeout: wait.transaction },
  });

  return {
    prisma,
    query: async <Row>(query: Statement, values: unknown[]) =>
      (await pool.query({ values, ...query })).rows as Row[],
    search: searches.search,
    transaction: (work) => withRetries(() => prisma.$transaction(work)),
    close: async () => {
      await prisma.$disconnect();
      await Promise.all([pool.end(), searches.close()]);
    },
  };
}

async function withRetries<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConflict(error) || tries === CONFLICT_TRIES) throw error;
    }
  }
}
