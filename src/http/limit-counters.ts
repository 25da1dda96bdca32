import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible';
import type { Database } from '../core/database.js';
import { inTime } from '../core/in-time.js';
import type { Logger } from '../core/logger.js';

/** Milliseconds that a count may take in the database before it is kept in memory. */
const LONGEST_COUNT = 1_000;

/** Milliseconds for which counts stay in memory once the database failed one. */
const RECOVERY = 2_000;

/** What a counter counts up to, and for how many seconds. */
export interface Window {
  max: number;
  seconds: number;
}

/** Makes counters by name. All processes share them through one table; without it each counts for itself. */
export type CounterFactory = (name: string, window: Window) => RateLimiterPostgres;

/** Counters in the table `rate_limits`, insured by counters in memory. */
export function countersIn(db: Database, log: Logger): CounterFactory {
  const storeClient = patientStore(db, log);
  let clearsExpired = true;
  return (name, { max: points, seconds: duration }) => {
    const options = { keyPrefix: name, points, duration };
    const counter = new RateLimiterPostgres({
      ...options,
      storeClient,
      storeType: 'pool',
      tableName: 'rate_limits',
      tableCreated: true,
      // Every counter would clear the whole table, and so one does.
      clearExpiredByTimeout: clearsExpired,
      insuranceLimiter: new RateLimiterMemory(options),
    });
    clearsExpired = false;
    return counter;
  };
}

/**
 * Our pool as the library wants it. What takes too long counts as failed, and after a failure the
 * database is left alone for a moment: a request waits for it once, and not for each count anew.
 */
function patientStore(db: Database, log: Logger) {
  let awayUntil = 0;
  return {
    query: async ({ name, text, values }: { name: string; text: string; values: unknown[] }) => {
      if (performance.now() < awayUntil) throw new Error('the database was away a moment ago');
      try {
        const rows = await inTime(db.query({ name, text }, values), LONGEST_COUNT, tooLong);
        return { rows, rowCount: rows.length };
      } catch (error) {
        if (performance.now() >= awayUntil) log.warn({ err: error }, 'limits are kept in memory');
        awayUntil = performance.now() + RECOVERY;
        throw error;
      }
    },
  };
}

function tooLong(): Error {
  return new Error('the count took too long');
}
