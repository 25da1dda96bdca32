import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';
import { isConflict } from './database-errors.js';
import type { Logger } from './logger.js';
import { countConnections } from './metrics.js';
import { reportSlowQueries } from './slow-queries.js';

/** Milliseconds. Together they bound what any request can wait for the database: about five seconds. */
const WAIT = {
  connection: 2_000,
  lock: 3_000,
  statement: 4_000,
  answer: 4_500,
  transaction: 4_500,
};

const CONFLICT_TRIES = 4;

/** SQL built from constants alone. With a name, PostgreSQL parses and plans it once a connection. */
export interface Statement {
  name?: string;
  text: string;
}

/** A Prisma client inside a transaction. */
export type Transaction = Omit<
  PrismaClient,
  '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'
>;

/** The one door to PostgreSQL: Prisma for writes and simple reads, statements for the hot ones. */
export interface Database {
  prisma: PrismaClient;
  /** Runs one statement and gives its rows. */
  query<Row>(statement: Statement, values: unknown[]): Promise<Row[]>;
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
    transaction: (work) => work(tx),
    close: () => Promise.resolve(),
  };
}

/** Names a statement by its text, so that equal texts share one plan. */
export function statement(text: string): Statement {
  return { name: createHash('sha256').update(text).digest('hex').slice(0, 24), text };
}

/**
 * Opens a pool of at most `poolSize` connections, shared by Prisma and the statements. Connects on first
 * use; a connection that breaks while idle is logged and replaced.
 */
export function openDatabase(url: string, poolSize: number, log: Logger): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    application_name: 'dreamjar',
    // Prisma writes moments without their offset.
    options: '-c timezone=UTC',
    keepAlive: true,
    connectionTimeoutMillis: WAIT.connection,
    lock_timeout: WAIT.lock,
    statement_timeout: WAIT.statement,
    idle_in_transaction_session_timeout: WAIT.transaction,
  });
  const onBroken = (error: Error) => log.warn({ err: error }, 'a database connection broke');
  pool.on('error', onBroken);
  cutSilentConnections(pool);
  reportSlowQueries(pool, log);
  const uncount = countConnections(pool);
  const adapter = new PrismaPg(pool, { onConnectionError: onBroken });
  const prisma = new PrismaClient({
    adapter,
    errorFormat: 'minimal',
    transactionOptions: { maxWait: WAIT.connection, timeout: WAIT.transaction },
  });

  return {
    prisma,
    query: async <Row>(query: Statement, values: unknown[]) =>
      (await pool.query({ values, ...query })).rows as Row[],
    transaction: (work) => withRetries(() => prisma.$transaction(work)),
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
      uncount();
    },
  };
}

/**
 * Ends a connection in use that says nothing for too long, and with it all that waits for it: what it said
 * later would belong to nobody, and the pool must not lend it with a transaction still open.
 */
function cutSilentConnections(pool: pg.Pool): void {
  const socketOf = (client: pg.PoolClient) => client.connection.stream as Socket;
  pool.on('connect', (client) => {
    const socket = socketOf(client);
    socket.on('timeout', () => socket.destroy());
  });
  pool.on('acquire', (client) => socketOf(client).setTimeout(WAIT.answer));
  pool.on('release', (_error, client) => socketOf(client).setTimeout(0));
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
