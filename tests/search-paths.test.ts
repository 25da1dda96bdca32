import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../src/database/migrate.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Functions in PL/pgSQL, which looks up tables when it runs, that leave it to the caller where. */
async function unfixed(): Promise<string[]> {
  const rows = await database.sql<{ name: string }>(
    `SELECT proname::text AS name FROM pg_proc p JOIN pg_language l ON l.oid = prolang
      WHERE pronamespace = 'public'::regnamespace AND lanname = 'plpgsql'
        AND NOT EXISTS (SELECT FROM unnest(proconfig) one WHERE one LIKE 'search_path=%')`,
  );
  return rows.map(({ name }) => name);
}

test('every function that names tables brings its search path, as pg_restore needs it', async () => {
  expect(await unfixed()).toEqual([]);
});

test('a function that a later migration makes or replaces is given one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-search-paths-'));
  await mkdir(join(folder, '1_more'));
  await writeFile(
    join(folder, '1_more', 'migration.sql'),
    `CREATE FUNCTION look() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM parents); END $$;
     CREATE OR REPLACE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;`,
  );
  await migrate(database.url, folder).finally(() => rm(folder, { recursive: true }));
  expect(await unfixed()).toEqual([]);
});

test('a campaign begins with no gifts, whatever totals come with its row', async () => {
  await database.sql(
    `INSERT INTO parents (username, email, google_sub) VALUES ('anna', 'anna@example.com', 'g')`,
  );
  await database.sql(
    `INSERT INTO children (parent_id, name, public_name, date_of_birth)
     SELECT id, 'Mia', 'Mia', '2020-01-01' FROM parents`,
  );
  const [campaign] = await database.sql(
    `INSERT INTO campaigns (child_id, title, description, goal, category, net_raised, total_raised, donation_count)
     SELECT id, 'a', 'b', 1, 'health', 250, 2, 3 FROM children RETURNING net_raised, total_raised, donation_count`,
  );
  expect(campaign).toEqual({ net_raised: '0', total_raised: '0', donation_count: 0 });
});
