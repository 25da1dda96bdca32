import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../src/database/client.js';
import { createLogger } from '../src/observability/logger.js';
import { SEARCH_BOUNDS } from '../src/database/searching.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql(`ALTER DATABASE "${new URL(database.url).pathname.slice(1)}" SET jit TO 'on'`);
});
afterAll(() => database.drop());

const SETTINGS = {
  jit: 'off',
  enable_sort: 'off',
  enable_seqscan: 'off',
  plan_cache_mode: 'force_generic_plan',
  statement_timeout: '4321ms',
};

test.each([
  ['a connection', ''],
  ['a connection that a pooler lends by the transaction', '?pgbouncer=true'],
])('a search has its time limit and its settings on %s', async (_name, parameters) => {
  const bounds = { ...SEARCH_BOUNDS, atOnce: 1, statement: 4_321 };
  const db = openDatabase(database.url + parameters, 1, createLogger('silent'), bounds);
  onTestFinished(() => db.close());
  const text = `SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name`;
  const search = () => db.search({ text }, [Object.keys(SETTINGS)], 'here');
  const settings = Object.entries(SETTINGS).map(([name, value]) => ({ name, value }));
  expect(await search()).toEqual(settings);
  // One that fails leaves nothing behind.
  await expect(db.search({ text: 'SELECT 1 / 0' }, [], 'here')).rejects.toThrow('zero');
  expect(await search()).toEqual(settings);
});
