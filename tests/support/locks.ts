import pg from 'pg';
import { vi } from 'vitest';
import type { Api } from './api.js';
import { PATIENCE } from './patience.js';

/** A transaction of somebody else, with what it has locked. */
export interface Holder {
  sql(text: string, values?: unknown[]): Promise<unknown>;
  /** Commits and lets go. */
  release(): Promise<void>;
}

/** Holds from outside what a statement locks, until told to let go. */
export async function hold(api: Api, text: string, values: unknown[] = []): Promise<Holder> {
  const client = new pg.Client({ connectionString: api.database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(text, values);
  return {
    sql: (inside, insideValues) => client.query(inside, insideValues),
    release: async () => {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

/** Holds a campaign's row, so that gifts to it wait. */
export function holdCampaign(api: Api, { id }: { id: number }): Promise<Holder> {
  return hold(api, 'SELECT FROM campaigns WHERE id = $1 FOR UPDATE', [id]);
}

/** Waits until so many of the API's statements wait for a lock, and gives the ids of their backends. */
export function untilWaiting(api: Api, count: number): Promise<number[]> {
  return vi.waitFor(
    async () => {
      const rows = await api.database.sql<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'dreamjar' AND wait_event_type = 'Lock'`,
      );
      if (rows.length !== count) throw new Error(`${rows.length} wait for a lock, not ${count}`);
      return rows.map(({ pid }) => pid);
    },
    { timeout: PATIENCE, interval: 10 },
  );
}

/** Sends a request now: a supertest request waits for someone to wait for it. */
export function started<T>(request: PromiseLike<T>): Promise<T> {
  return Promise.resolve(request);
}
