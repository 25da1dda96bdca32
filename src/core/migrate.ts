import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { StartError } from './errors.js';

const FOLDER = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url));

/** Any fixed number: two processes that start together take turns by it. */
const ADVISORY_LOCK = 7_260_432_001;

/** The table that Prisma's own `migrate deploy` and `migrate status` keep, column for column. */
const PRISMA_TABLE = `
  CREATE TABLE "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/**
 * Brings the database at `url` up to the newest migration, one transaction each, and gives the names of
 * those it applied.
 * @throws StartError when the database can't hold the data faithfully, when a migration that was applied
 * has been edited since, or when one half-applied by another tool is in the way.
 */
export async function migrate(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await connect(client);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await refuseUnfit(client);
    await ensurePrismaTable(client);
    return await applyPending(client);
  } finally {
    await client.end();
  }
}

async function connect(client: pg.Client): Promise<void> {
  try {
    await client.connect();
  } catch (cause) {
    const { code = 'no answer' } = cause as NodeJS.ErrnoException;
    throw new StartError(`The database can't be reached (${code}). Check DATABASE_URL.`, { cause });
  }
}

async function refuseUnfit(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string; version: number; folds: boolean }>(
    `SELECT current_setting('server_encoding') AS encoding,
            current_setting('server_version_num')::int AS version, lower('É') = 'é' AS folds`,
  );
  const { encoding, version, folds } = rows[0]!;
  if (version < 140_000)
    throw new StartError('The database is too old: PostgreSQL 14 or later is needed.');
  if (encoding !== 'UTF8' || !folds) {
    throw new StartError(
      `The database must be created with ENCODING 'UTF8' and a Unicode locale such as C.UTF-8: names and searches would go wrong in this one.`,
    );
  }
}

/** Only when it is missing: the role that serves need not have the right to create. */
async function ensurePrismaTable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS exists`,
  );
  if (!rows[0]?.exists) await client.query(PRISMA_TABLE);
}

async function applyPending(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM "_prisma_migrations" WHERE rolled_back_at IS NULL`,
  );
  const applied = new Map(rows.map((row) => [row.name, row]));
  const names: string[] = [];
  for (const migration of await readMigrations()) {
    const before = applied.get(migration.name);
    if (!before) {
      await apply(client, migration);
      names.push(migration.name);
    } else if (!before.finished) {
      throw new StartError(
        `Migration ${migration.name} was begun and never finished: mend it by hand.`,
      );
    } else if (before.checksum !== migration.checksum) {
      throw new StartError(
        `Migration ${migration.name} was edited after it was applied: restore it.`,
      );
    }
  }
  return names;
}

async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(FOLDER, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(`${FOLDER}${name}/migration.sql`, 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
