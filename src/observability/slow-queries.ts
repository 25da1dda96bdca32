import type pg from 'pg';
import type { Logger } from './logger.js';
import { countSlowQuery } from './metrics.js';

/** Characters of a statement that are logged. */
const LONGEST_TEXT = 2_000;

type AnyFunction = (...values: unknown[]) => unknown;

/**
 * Logs the statements of a pool, Prisma's and ours, that take more than `slow` milliseconds: their text, which has `$1`
 * in place of values. Prisma's own query events would contain the values of all statements.
 */
export function reportSlowQueries(pool: pg.Pool, slow: number, log: Logger): void {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as AnyFunction;
    client.query = ((statement: string | { text: string }, ...rest: unknown[]) => {
      const began = performance.now();
      const end = () => {
        const ms = performance.now() - began;
        if (ms > slow) report(log, typeof statement === 'string' ? statement : statement.text, ms);
      };
      const result = query(statement, ...rest.map((value) => after(value, end)));
      if (result instanceof Promise) result.then(end, end);
      return result;
    }) as typeof client.query;
  });
}

/** A callback, told to others only after `end`; anything else as it is. */
function after(value: unknown, end: () => void): unknown {
  if (typeof value !== 'function') return value;
  return (...outcome: unknown[]) => {
    end();
    (value as AnyFunction)(...outcome);
  };
}

function report(log: Logger, text: string, ms: number): void {
  countSlowQuery();
  const sql = text.replace(/\s+/g, ' ').trim().slice(0, LONGEST_TEXT);
  log.warn({ sql, ms: Math.round(ms) }, 'a slow statement');
}
