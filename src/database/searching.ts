import type pg from 'pg';
import type { RunSearch, Statement } from './statement.js';
import { Refusal } from '../core/errors.js';
import type { Logger } from '../observability/logger.js';
import { openPool, releasing } from './pool.js';
import { Queue } from '../core/queue.js';
import { SessionClient } from './session.js';

/** Bounds of searches: what they may read, and how many there may be. */
export interface SearchBounds {
  /** Campaigns that are looked through first, in the order that is asked for: they show how frequent a match is. */
  near: number;
  /** Campaigns that are looked through at most where the order is followed. The page ends there, however full it is. */
  far: number;
  /** How many times one request looks that far, each time in its turn, while it has found nothing. */
  rounds: number;
  /** Candidates that are taken from the index at most. Where there are more, the order is followed instead. */
  candidates: number;
  /** Bytes of text that each way looks through at most: fewer, the more letters are asked for. */
  bytes: number;
  /**
   * Letters of all words together with which all those bytes are looked through; with twice as many, half of them. A
   * word counts as four at least: a long text is unpacked for each.
   */
  letters: number;
  /** Matches that are counted at most. */
  counted: number;
  /** Searches of a process that the database works on at once: they have connections of their own. */
  atOnce: number;
  mostWaiting: number;
  /** Of one network. */
  mostWaitingPerLane: number;
  /** Milliseconds that a search waits for its turn, and that its statement may take. */
  longestWait: number;
  statement: number;
}

/** What was measured to keep any search at a few milliseconds (ADR 021). */
export const SEARCH_BOUNDS: SearchBounds = {
  near: 300,
  far: 2_500,
  rounds: 8,
  candidates: 3_000,
  bytes: 2_000_000,
  letters: 8,
  counted: 200,
  atOnce: 3,
  mostWaiting: 60,
  mostWaitingPerLane: 20,
  longestWait: 1_000,
  statement: 1_000,
};

/** Where searches are run. */
export interface Searches {
  search: RunSearch;
  close(): Promise<void>;
}

/** Opens the connections of searches, and the queue before them. */
export function openSearches(
  url: string,
  bounds: SearchBounds,
  slow: number,
  log: Logger,
): Searches {
  const pool = openSearchPool(url, bounds, slow, log);
  const inTurn = searchQueue(bounds);
  return {
    search: async <Row>(query: Statement, values: unknown[], lane: string) =>
      inTurn(lane, async () => {
        const client = await pool.connect();
        return releasing(client, () => runSearch<Row>(client, query, values));
      }),
    close: () => pool.end(),
  };
}

/**
 * Settings of their sessions: a statement is planned once, whatever is asked, and for any size of its tables: an order
 * is read from its index, never by sorting all campaigns, and no table is read from end to end.
 */
const SESSION = {
  plan_cache_mode: 'force_generic_plan',
  enable_sort: 'off',
  enable_seqscan: 'off',
};

/** Opens the connections of searches. */
export function openSearchPool(
  url: string,
  { atOnce, longestWait: connection, statement }: SearchBounds,
  slow: number,
  log: Logger,
): pg.Pool {
  const answer = statement + 500;
  const wait = { connection, lock: 0, statement, answer, transaction: answer, slow };
  const broken = 'a connection of searches broke';
  return openPool(url, { size: atOnce, wait, broken, settings: SESSION }, log);
}

/** Runs a search on a connection of its own. Behind a pooler its settings are those of a transaction. */
export async function runSearch<Row>(
  client: pg.PoolClient,
  query: Statement,
  values: unknown[],
): Promise<Row[]> {
  const byTransaction = client instanceof SessionClient && client.byTransaction;
  if (byTransaction) await client.query('BEGIN');
  const { rows } = await client.query({ values, ...query });
  if (byTransaction) await client.query('COMMIT');
  return rows as Row[];
}

/** Has searches wait for their turn, and refuses those that would wait too long. */
export function searchQueue({ atOnce, ...bounds }: SearchBounds) {
  const refusal = () =>
    new Refusal('unavailable', 'Too many searches are asked just now. Try again in a moment.');
  const queue = new Queue(atOnce, refusal);
  const { longestWait, mostWaiting, mostWaitingPerLane } = bounds;
  return <Result>(lane: string, work: () => Promise<Result>) =>
    queue.run({ lane, longestWait, mostWaiting, mostWaitingPerLane }, work);
}
