import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { StartError } from '../src/core/errors.js';
import { migrate } from '../src/database/migrate.js';

const OWN_FOLDER = fileURLToPath(new URL('../prisma/migrations/', import.meta.url));

/** The lock that Prisma's `migrate deploy` takes, so that it and this runner take turns. */
const PRISMA_LOCK = 72_707_369;

/** Put back in the reverse order after each test. */
const undo: (() => Promise<unknown>)[] = [];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dreamjar-migrations-'));
  undo.push(() => rm(folder, { recursive: true }));
});
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

interface Place {
  url: string;
  client: pg.Client;
  rows: <Row = Record<string, unknown>>(text: string, values?: unknown[]) => Promise<Row[]>;
}

/** A database that nothing was done to. */
async function freshDatabase(how = ''): Promise<Place> {
  const url = new URL(inject('templateUrl'));
  const name = `migrations_${randomUUID().replaceAll('-', '')}`;
  const server = await connect(new URL('/postgres', url).href);
  await server.query(`CREATE DATABASE ${name} TEMPLATE template0 ${how}`);
  undo.push(() => server.query(`DROP DATABASE ${name} WITH (FORCE)`));
  url.pathname = `/${name}`;
  const client = await connect(url.href);
  return {
    url: url.href,
    client,
    rows: async <Row>(text: string, values?: unknown[]) =>
      (await client.query(text, values)).rows as Row[],
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  undo.push(() => client.end());
  return client;
}

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), sql);
}

/** The one sentence that a start ends with; anything but a StartError fails the test. */
async function refusalOf(url: string, from = folder): Promise<string> {
  const error: unknown = await migrate(url, from).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(StartError);
  return (error as StartError).message;
}

function tablesOf({ rows }: Place): Promise<{ name: string }[]> {
  return rows(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname`,
  );
}

function historyOf({ rows }: Place): Promise<{ name: string; finished: boolean }[]> {
  return rows(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations ORDER BY started_at, migration_name`,
  );
}

describe('a run', () => {
  test('builds a fresh database and says what it applied; the next applies nothing', async () => {
    const place = await freshDatabase();
    const entries = await readdir(OWN_FOLDER, { withFileTypes: true });
    const names = entries.filter((one) => one.isDirectory()).map(({ name }) => name);
    expect(await migrate(place.url)).toEqual(names.sort());
    const tables = await tablesOf(place);
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['_prisma_migrations', 'campaigns', 'children', 'donations']),
    );
    const history = await place.rows('SELECT * FROM _prisma_migrations');
    expect(await migrate(place.url)).toEqual([]);
    expect(await place.rows('SELECT * FROM _prisma_migrations')).toEqual(history);
  });

  test('applies what is new, in the order of the names, and leaves the rest alone', async () => {
    const place = await freshDatabase();
    await write('2_second', 'ALTER TABLE jar ADD b int');
    await write('1_first', 'CREATE TABLE jar (a int)');
    expect(await migrate(place.url, folder)).toEqual(['1_first', '2_second']);
    await write('3_third', 'ALTER TABLE jar RENAME b TO c');
    expect(await migrate(place.url, folder)).toEqual(['3_third']);
    await place.rows('SELECT a, c FROM jar');
  });

  test('is safe beside another: one does the work, the others find it done', async () => {
    const place = await freshDatabase();
    const runs = await Promise.all([1, 2, 3].map(() => migrate(place.url)));
    const applied = runs.filter((names) => names.length > 0);
    expect(applied).toHaveLength(1);
    expect(await historyOf(place)).toEqual(applied[0]!.map((name) => ({ name, finished: true })));
  });

  test("waits while Prisma's own migrate deploy holds its lock", async () => {
    const place = await freshDatabase();
    await write('1_first', 'CREATE TABLE jar (a int)');
    await place.rows('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
    const state = { done: false };
    const run = migrate(place.url, folder).finally(() => (state.done = true));
    const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while (!state.done && (await place.rows(waiting)).length === 0);
    expect(await tablesOf(place)).toEqual([]);
    await place.rows('SELECT pg_advisory_unlock($1)', [PRISMA_LOCK]);
    expect(await run).toEqual(['1_first']);
  });

  test('needs no right to create once there is nothing to do', async () => {
    const place = await freshDatabase();
    await migrate(place.url);
    const role = `reader_${randomUUID().slice(0, 8)}`;
    await place.rows(`CREATE ROLE ${role} LOGIN PASSWORD 'for tests'`);
    undo.push(() => place.rows(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    await place.rows(`GRANT SELECT ON _prisma_migrations TO ${role}`);
    await place.rows(`GRANT USAGE ON SCHEMA graphile_worker TO ${role}`);
    await place.rows(`GRANT SELECT ON graphile_worker.migrations TO ${role}`);
    const url = new URL(place.url);
    url.username = role;
    url.password = 'for tests';
    expect(await migrate(url.href)).toEqual([]);
  });
});

describe('the history', () => {
  test("is kept in Prisma's own table, column for column", async () => {
    const place = await freshDatabase();
    await migrate(place.url);
    const columns = await place.rows<{ line: string }>(
      `SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attnotnull THEN 'NOT NULL' END, pg_get_expr(d.adbin, d.adrelid)) AS line
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = '_prisma_migrations'::regclass AND a.attnum > 0 ORDER BY a.attnum`,
    );
    expect(columns.map(({ line }) => line)).toEqual([
      'id character varying(36) NOT NULL',
      'checksum character varying(64) NOT NULL',
      'finished_at timestamp with time zone',
      'migration_name character varying(255) NOT NULL',
      'logs text',
      'rolled_back_at timestamp with time zone',
      'started_at timestamp with time zone NOT NULL now()',
      'applied_steps_count integer NOT NULL 0',
    ]);
    const [key] = await place.rows(
      `SELECT conname AS name, pg_get_constraintdef(oid) AS key FROM pg_constraint
        WHERE conrelid = '_prisma_migrations'::regclass AND contype = 'p'`,
    );
    expect(key).toEqual({ name: '_prisma_migrations_pkey', key: 'PRIMARY KEY (id)' });
  });

  test("has a row for each migration as Prisma's would be, its checksum the SHA-256 of the file", async () => {
    const place = await freshDatabase();
    for (const name of await migrate(place.url)) {
      const [row] = await place.rows<{ started_at: Date; finished_at: Date }>(
        'SELECT * FROM _prisma_migrations WHERE migration_name = $1',
        [name],
      );
      const file = await readFile(join(OWN_FOLDER, name, 'migration.sql'));
      expect(row).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/),
        checksum: createHash('sha256').update(file).digest('hex'),
        finished_at: expect.any(Date),
        migration_name: name,
        logs: null,
        rolled_back_at: null,
        started_at: expect.any(Date),
        applied_steps_count: 1,
      });
      expect(row!.finished_at.getTime()).toBeGreaterThanOrEqual(row!.started_at.getTime());
    }
  });

  test('takes no notice of how lines end, as Prisma takes none', async () => {
    const place = await freshDatabase();
    await write('1_first', 'CREATE TABLE jar (\n  a int\n);\n');
    await migrate(place.url, folder);
    await write('1_first', 'CREATE TABLE jar (\r\n  a int\r\n);\r\n');
    expect(await migrate(place.url, folder)).toEqual([]);

    const windows = await freshDatabase();
    await migrate(windows.url, folder);
    await write('1_first', 'CREATE TABLE jar (\n  a int\n);\n');
    expect(await migrate(windows.url, folder)).toEqual([]);
  });

  test('of a migration that was edited after it was applied stops the run in one sentence', async () => {
    const place = await freshDatabase();
    await cp(OWN_FOLDER, folder, { recursive: true });
    const [name] = await migrate(place.url, folder);
    const path = join(folder, name!, 'migration.sql');
    await writeFile(path, `${await readFile(path, 'utf8')}\n-- a remark\n`);
    await write('99999999999999_next', 'CREATE TABLE next (a int)');
    expect(await refusalOf(place.url)).toBe(
      `Migration ${name!} was edited after it was applied: restore it.`,
    );
    expect(await tablesOf(place)).not.toContainEqual({ name: 'next' });
  });

  test.each(['1_first', '0_of_another_release'])(
    'of a migration that was never finished stops the run in one sentence: %s',
    async (name) => {
      const place = await freshDatabase();
      await write('1_first', 'CREATE TABLE jar (a int)');
      await migrate(place.url, folder);
      await place.rows('DELETE FROM _prisma_migrations');
      await place.rows(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs) VALUES ($1, $2, $3, $4)`,
        [randomUUID(), '0'.repeat(64), name, 'ERROR: out of luck'],
      );
      await write('2_second', 'CREATE TABLE next (a int)');
      expect(await refusalOf(place.url)).toBe(
        `Migration ${name} was begun and never finished: mend it by hand.`,
      );
      expect(await tablesOf(place)).not.toContainEqual({ name: 'next' });
    },
  );

  test('of a migration that was resolved as rolled back lets it be applied again', async () => {
    const place = await freshDatabase();
    await write('1_first', 'CREATE TABLE jar (a int)');
    await migrate(place.url, folder);
    await place.rows('DROP TABLE jar');
    await place.rows('UPDATE _prisma_migrations SET finished_at = NULL, rolled_back_at = now()');
    expect(await migrate(place.url, folder)).toEqual(['1_first']);
    expect(await tablesOf(place)).toContainEqual({ name: 'jar' });
  });

  test('of a newer release is no hindrance for an older one', async () => {
    const place = await freshDatabase();
    await write('1_first', 'CREATE TABLE jar (a int)');
    await write('2_second', 'ALTER TABLE jar ADD b int');
    await migrate(place.url, folder);
    await rm(join(folder, '2_second'), { recursive: true });
    expect(await migrate(place.url, folder)).toEqual([]);
  });
});

describe('a migration that fails', () => {
  test.each([
    { why: 'its last statement is wrong', sql: 'ALTER TABLE absent ADD b int' },
    {
      why: 'its row in the history cannot be written',
      sql: `ALTER TABLE _prisma_migrations ADD CHECK (migration_name <> '2_second')`,
    },
    { why: 'the connection breaks', sql: 'SELECT pg_terminate_backend(pg_backend_pid())' },
  ])('leaves nothing behind and is named when $why', async ({ sql }) => {
    const place = await freshDatabase();
    await write('1_first', 'CREATE TABLE jar (a int)');
    await write('2_second', `CREATE TABLE halfway (a int); INSERT INTO jar VALUES (1); ${sql}`);
    await write('3_third', 'CREATE TABLE never (a int)');
    expect(await refusalOf(place.url)).toMatch(
      /^Migration 2_second failed and left nothing behind: [^\n]+$/,
    );
    const names = (await tablesOf(place)).map(({ name }) => name);
    expect(names).toEqual(['_prisma_migrations', 'jar']);
    expect(await place.rows('SELECT * FROM jar')).toEqual([]);
    expect(await historyOf(place)).toEqual([{ name: '1_first', finished: true }]);
    await write('2_second', 'CREATE TABLE mended (a int)');
    expect(await migrate(place.url, folder)).toEqual(['2_second', '3_third']);
  });
});

describe('a database that cannot hold the data faithfully is refused, untouched', () => {
  test.each([
    { what: 'bytes of no encoding', how: `ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'` },
    { what: 'Latin letters alone', how: `ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'` },
    { what: 'Cyrillic letters alone', how: `ENCODING 'KOI8R' LOCALE_PROVIDER libc LOCALE 'C'` },
    { what: 'Japanese letters alone', how: `ENCODING 'EUC_JP' LOCALE_PROVIDER libc LOCALE 'C'` },
    {
      what: 'UTF-8 whose lower case knows ASCII alone',
      how: `ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'`,
    },
  ])('$what', async ({ how }) => {
    const place = await freshDatabase(how);
    expect(await refusalOf(place.url, OWN_FOLDER)).toMatch(
      /^The database must be created with ENCODING 'UTF8' and a Unicode locale [^\n]+\.$/,
    );
    expect(await tablesOf(place)).toEqual([]);
  });

  test('a PostgreSQL older than 14', async () => {
    const place = await freshDatabase();
    // A function of our own that stands before PostgreSQL's makes the server say that it is old.
    await place.rows(
      `CREATE FUNCTION current_setting(name text) RETURNS text LANGUAGE sql RETURN
         CASE name WHEN 'server_version_num' THEN '130021' ELSE pg_catalog.current_setting(name) END`,
    );
    const { pathname } = new URL(place.url);
    await place.rows(`ALTER DATABASE ${pathname.slice(1)} SET search_path = public, pg_catalog`);
    expect(await refusalOf(place.url, OWN_FOLDER)).toBe(
      'The database is too old: PostgreSQL 14 or later is needed.',
    );
    expect(await tablesOf(place)).toEqual([]);
  });

  test('one that is not there: the sentence says what to look at', async () => {
    const url = new URL(inject('templateUrl'));
    url.pathname = '/absent';
    expect(await refusalOf(url.href)).toBe(
      `The database can't be reached: database "absent" does not exist (3D000). Create the database, or check its name in DATABASE_URL.`,
    );
  });
});
