import type pg from 'pg';
import type { Database } from './client.js';
import type { RunStatement, Statement } from './statement.js';
import { tookTooLong } from '../core/database-errors.js';
import type { Logger } from '../observability/logger.js';
import { openPool, releasing } from './pool.js';
import { openSearchPool, runSearch, SEARCH_BOUNDS, searchQueue } from './searching.js';
import { DEFAULT_WAITS, type Waits } from '../config/waits.js';

/** Whether the replica has replayed the write-ahead log up to there. */
const HAS_REPLAYED = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS "hasReplayed"';

const WRITTEN = { name: 'written', text: 'SELECT pg_current_wal_insert_lsn()::text AS lsn' };

type Run = typeof runSearch;

const runAlone: Run = async <Row>(client: pg.PoolClient, query: Statement, values: unknown[]) =>
  (await client.query({ values, ...query })).rows as Row[];

/** A replica for visitors' reads. */
export interface Replica {
  /** Reads at the replica where it knows all that this process knows of, else at the primary. */
  reads: Database;
  /** Something was written, here or elsewhere: what is read from now on must know of it. */
  changed(): void;
  /** Whether writes of other processes are heard of; while they are not, all is read at the primary. */
  hear(hears: boolean): void;
  close(): Promise<void>;
}

/** Opens a replica beside its primary, with a pool of as many connections and one for searches. */
export function openReplica(
  primary: Database,
  url: string,
  poolSize: number,
  log: Logger,
  waits: Pick<Waits, 'replica' | 'replicaRecovery'> = DEFAULT_WAITS,
  bounds = SEARCH_BOUNDS,
): Replica {
  const broken = 'a connection to the replica broke';
  const pool = openPool(url, { size: poolSize, wait: waits.replica, broken }, log);
  const searchPool = openSearchPool(url, bounds, waits.replica.slow, log);
  let hears = false;
  let awayUntil = 0;
  /** Where the log of the primary ended after the last write that is known of; asked when it is needed. */
  let written: Promise<string> | undefined;

  /** Reads at the replica, or else as `atPrimary` does. */
  const reading =
    (from: pg.Pool, run: Run, atPrimary: RunStatement): RunStatement =>
    async <Row>(statement: Statement, values: unknown[]): Promise<Row[]> => {
      if (!hears || Date.now() < awayUntil) return atPrimary<Row>(statement, values);
      const rows = await readAtReplica(from, (client) => run<Row>(client, statement, values)).catch(
        (error: unknown) => {
          // The same search would take as long at the primary, and says nothing about the replica.
          if (run === runSearch && tookTooLong(error)) throw error;
          awayUntil = Date.now() + waits.replicaRecovery;
          log.warn({ err: error }, 'the replica could not answer: the primary does');
          return null;
        },
      );
      return rows ?? atPrimary<Row>(statement, values);
    };
  const inTurn = searchQueue(bounds);
  const query = reading(pool, runAlone, primary.query);

  /** Null when the replica is behind. */
  const readAtReplica = async <Row>(
    from: pg.Pool,
    read: (client: pg.PoolClient) => Promise<Row[]>,
  ): Promise<Row[] | null> => {
    const lsn = await (written ??= endOfLog());
    const client = await from.connect();
    return releasing(client, async () => {
      const { rows } = await client.query<{ hasReplayed: boolean | null }>(HAS_REPLAYED, [lsn]);
      return rows[0]?.hasReplayed ? read(client) : null;
    });
  };

  const endOfLog = async () => {
    const asked = primary.query<{ lsn: string }>(WRITTEN, []);
    asked.catch(() => (written = undefined));
    return (await asked)[0]!.lsn;
  };

  return {
    reads: {
      ...primary,
      query,
      search: (statement, values, lane) =>
        inTurn(lane, () =>
          reading(searchPool, runSearch, (one, its) => primary.search(one, its, lane))(
            statement,
            values,
          ),
        ),
    },
    changed: () => (written = undefined),
    hear: (now) => {
      hears = now;
      written = undefined;
    },
    close: async () => {
      await Promise.all([pool.end(), searchPool.end()]);
    },
  };
}
