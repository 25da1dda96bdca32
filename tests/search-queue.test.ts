import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { started } from './support/locks.js';

/** One search at a time, one that waits, and all the time they need. */
const api = useApi({
  search: {
    atOnce: 1,
    mostWaiting: 1,
    mostWaitingPerLane: 1,
    longestWait: 60_000,
    statement: 60_000,
  },
});
const hurried = useApi({ on: () => api.database, search: { atOnce: 1, statement: 50 } });

interface Answer {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}

let holder: pg.Client;

/** Keeps all searches waiting inside PostgreSQL. */
beforeEach(async () => {
  holder = new pg.Client({ connectionString: api.database.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE campaign_search IN ACCESS EXCLUSIVE MODE');
});
afterEach(() => holder.end());

test('searches wait for each other, and beyond the queue they are refused; nothing else waits', async () => {
  const answers = [1, 2, 3, 4].map((n) => started(api.get(`/campaigns/?q=violin&page_size=${n}`)));
  const refused: Answer[] = [];
  await new Promise<void>((resolve) => {
    for (const answer of answers) {
      void answer.then((one) => {
        if (refused.push(one) === 2) resolve();
      });
    }
  });
  for (const { status, body, headers } of refused) {
    expect(status).toBe(503);
    expect(body).toEqual({ detail: expect.stringContaining('searches'), code: 'unavailable' });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
  await api.get('/campaigns/').expect(200);
  await api.get('/campaigns/999/').expect(404);
  await holder.query('ROLLBACK');
  const all = await Promise.all(answers);
  expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 503, 503]);
});

test('a search that takes too long is given up, long before anything else would be', async () => {
  const { body } = await hurried.get('/campaigns/?q=violin').expect(503);
  expect(body.code).toBe('unavailable');
  await holder.query('ROLLBACK');
  await api.get('/campaigns/?q=violin').expect(200);
});
