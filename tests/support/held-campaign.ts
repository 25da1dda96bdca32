import pg from 'pg';
import { expect } from 'vitest';
import type { Api } from './api.js';
import type { TestCampaign } from './factories.js';

/** A campaign that somebody else has locked. Whoever waits for it does so for three seconds at most. */
export interface HeldCampaign {
  /** Resolves once so many wait for a lock. */
  waiting(many: number): Promise<void>;
  release(): Promise<void>;
}

/** Locks a campaign as those do who move its money. */
export async function holdCampaign(api: Api, { id }: TestCampaign): Promise<HeldCampaign> {
  const holder = new pg.Client({ connectionString: api.database.url });
  // A test that fails ends with its database, and this connection with it.
  holder.on('error', () => undefined);
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM campaigns WHERE id = $1 FOR NO KEY UPDATE', [id]);
  const countWaiting = async () => {
    const [row] = await api.database.sql<{ many: number }>(
      `SELECT count(*)::int AS many FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return row!.many;
  };
  return {
    waiting: (many) => expect.poll(countWaiting, { interval: 20 }).toBe(many),
    release: () => holder.end(),
  };
}
