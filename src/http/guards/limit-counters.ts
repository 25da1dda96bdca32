import { LRUCache } from 'lru-cache';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from '../../database/client.js';
import { inTime } from '../../core/timeout.js';
import type { Logger } from '../../observability/logger.js';
import type { Waits } from '../../config/waits.js';

/** Keys that are kept in memory for each rule; beyond them the least recently used is forgotten. */
const MOST_KEYS = 50_000;

/** What a counter counts up to, and for how many seconds. */
export interface Window {
  max: number;
  seconds: number;
}

/** Counts requests by key. */
export interface Counter {
  /** Milliseconds for which a key is known to be over, 0 if it may not be: asked of memory alone. */
  knownOver(key: string): number;
  /** Counts one more, and gives the milliseconds to wait if that is too many, else 0. */
  consume(key: string): number | Promise<number>;
  /** Takes back one that was counted. */
  giveBack(key: string): Promise<unknown>;
}

/** Counts in this process alone. */
export function counterInMemory({ max, seconds }: Window): Counter {
  const counts = new LRUCache<string, { count: number; until: number }>({ max: MOST_KEYS });
  const current = (key: string) => {
    const counted = counts.get(key);
    return counted && counted.until > Date.now() ? counted : undefined;
  };
  const over = (key: string, most: number) => {
    const counted = current(key);
    return counted && counted.count > most ? counted.until - Date.now() : 0;
  };
  return {
    knownOver: (key) => over(key, max - 1),
    consume: (key) => {
      const counted = current(key);
      if (counted) counted.count += 1;
      else counts.set(key, { count: 1, until: Date.now() + seconds * 1000 });
      return over(key, max);
    },
    giveBack: (key) => {
      const counted = current(key);
      if (counted) counted.count -= 1;
      return Promise.resolve();
    },
  };
}

/** Counters in the table `rate_limits`, which all processes share; while it fails, each counts in memory. */
export interface StoredCounters {
  /** `isFinal`: what was counted is never given back, so that a key which is over stays so for its window. */
  counter(name: string, window: Window, options: { isFinal: boolean }): Counter;
  /** Keys that are remembered for some seconds. */
  marks(name: string, seconds: number): Marks;
}

/** Keys that are remembered; none is known while the database is away. */
export interface Marks {
  has(key: string): Promise<boolean>;
  add(key: string): Promise<unknown>;
}

/** Opens the table of counts. */
export function countersIn(db: Database, log: Logger, waits: Waits): StoredCounters {
  const storeClient = patientStore(db, log, waits);
  let clearsExpired = true;
  const stored = (keyPrefix: string, { max: points, seconds: duration }: Window) => {
    const limiter = new RateLimiterPostgres({
      keyPrefix,
      points,
      duration,
      storeClient,
      storeType: 'pool',
      tableName: 'rate_limits',
      tableCreated: true,
      // Every counter would clear the whole table, and so one does.
      clearExpiredByTimeout: clearsExpired,
    });
    clearsExpired = false;
    return limiter;
  };
  return {
    marks: (name, seconds) => {
      const limiter = stored(name, { max: 1, seconds });
      return {
        has: (key) =>
          limiter.get(key).then(
            (mark) => mark !== null,
            () => false,
          ),
        add: (key) => limiter.set(key, 1, seconds).catch(() => undefined),
      };
    },
    counter: (name, window, { isFinal }) => {
      const limiter = stored(name, window);
      const inMemory = counterInMemory(window);
      /** Until when a key is over: the database need not be asked again. */
      const blocked = new LRUCache<string, number>({ max: MOST_KEYS });
      return {
        knownOver: (key) => Math.max(0, (blocked.get(key) ?? 0) - Date.now()),
        consume: async (key) => {
          const wait = await limiter.consume(key).then(
            () => 0,
            (cause: unknown) => waitOf(cause) ?? inMemory.consume(key),
          );
          if (wait > 0 && isFinal) blocked.set(key, Date.now() + wait);
          return wait;
        },
        giveBack: (key) => limiter.reward(key).catch(() => inMemory.giveBack(key)),
      };
    },
  };
}

/** The library rejects with the state of the count when it is over, and else with an error. */
function waitOf(cause: unknown): number | undefined {
  return cause instanceof RateLimiterRes ? Math.max(1, cause.msBeforeNext) : undefined;
}

/**
 * Our pool as the library wants it. What takes too long counts as failed, and after a failure the
 * database is left alone for a moment: a request waits for it once, and not for each count anew.
 */
function patientStore(db: Database, log: Logger, waits: Waits) {
  let awayUntil = 0;
  return {
    query: async ({ name, text, values }: { name: string; text: string; values: unknown[] }) => {
      if (performance.now() < awayUntil) throw new Error('the database was away a moment ago');
      try {
        const rows = await inTime(db.query({ name, text }, values), waits.count, tooLong);
        return { rows, rowCount: rows.length };
      } catch (error) {
        if (performance.now() >= awayUntil) log.warn({ err: error }, 'limits are kept in memory');
        awayUntil = performance.now() + waits.countRecovery;
        throw error;
      }
    },
  };
}

function tooLong(): Error {
  return new Error('the count took too long');
}
