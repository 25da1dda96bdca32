import type { RunSearch, Statement } from './database.js';
import { Refusal } from './errors.js';
import type { Logger } from './logger.js';
import { openPool } from './pool.js';
import { Queue } from './queue.js';

/** Bounds of searches: what they may read, and how many there may be. */
export interface SearchBounds {
  /** Campaigns that are looked through first, in the order that is asked for: this finds frequent words. */
  near: number;
  /** How many of them are looked through at most. The page ends there, with its `Link`, however full it is. */
  far: number;
  /** Candidates that are taken from the index at most. Where there are more, the order is followed instead. */
  candidates: number;
  /** Bytes of text that are looked through at most: at first, and in all. Fewer, the more letters are asked for. */
  nearBytes: number;
  farBytes: number;
  /** Letters of all words together with which all those bytes are looked through; with twice as many, half of them. */
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
  far: 6_600,
  candidates: 4_000,
  nearBytes: 600_000,
  farBytes: 3_000_000,
  letters: 16,
  counted: 1_000,
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
  const { atOnce, longestWait: connection, statement } = bounds;
  const answer = statement + 500;
  const wait = { connection, lock: 0, statement, answer, transaction: 0, slow };
  const pool = openPool(url, { size: atOnce, wait, broken: 'a connection of searches broke' }, log);
  const inTurn = searchQueue(bounds);
  return {
    search: async <Row>(query: Statement, values: unknown[], lane: string) =>
      inTurn(lane, async () => (await pool.query({ values, ...query })).rows as Row[]),
    close: () => pool.end(),
  };
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
