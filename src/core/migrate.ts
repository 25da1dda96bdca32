import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { StartError } from './errors.js';

const FOLDER = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url));

/** The number that Prisma's own migrate locks by: processes that start together take turns, it included. */
const ADVISORY_LOCK = 72_707_369;

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
}

/**
 * Brings the database at `url` up to the newest migration, one transaction each, and gives the names of
 * those it applied; then the tables of the job queue, which brings its own migrations.
 * @throws StartError when the database can't hold the data faithfully, when a migration fails (it leaves
 * nothing behind) or was edited after it was applied, or when one half-applied by another tool is in the way.
 */
export async function migrate(url: string, folder = FOLDER): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A connection that breaks fails the query under way; unheard, the event would end the process.
  client.on('error', () => undefined);
  await connect(client);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await refuseUnfit(client);
    await ensurePrismaTable(client);
    const applied = await applyPending(client, await readMigrations(folder));
    await migrateQueue(client, url);
    return applied;
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
  const { rows } = await client.query<{ encoding: string; version: number }>(
    `SELECT current_setting('server_encoding') AS encoding,
            current_setting('server_version_num')::int AS version`,
  );
  const { encoding, version } = rows[0]!;
  if (version < 140_000)
    throw new StartError('The database is too old: PostgreSQL 14 or later is needed.');
  if (encoding !== 'UTF8' || !(await foldsCase(client))) {
    throw new StartError(
      `The database must be created with ENCODING 'UTF8' and a Unicode locale such as C.UTF-8: names and searches would go wrong in this one.`,
    );
  }
}

/** Asked of UTF-8 alone: other encodings may not even have the letters. */
async function foldsCase(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ folds: boolean }>(`SELECT lower('É') = 'é' AS folds`);
  return rows[0]!.folds;
}

/** Only when it is missing: the role that serves need not have the right to create. */
async function ensurePrismaTable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS exists`,
  );
  if (!rows[0]?.exists) await client.query(PRISMA_TABLE);
}

async function applyPending(client: pg.Client, migrations: Migration[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM "_prisma_migrations" WHERE rolled_back_at IS NULL`,
  );
  const unfinished = rows.find((row) => !row.finished);
  if (unfinished) {
    throw new StartError(
      `Migration ${unfinished.name} was begun and never finished: mend it by hand.`,
    );
  }
  const applied = new Map(rows.map((row) => [row.name, row.checksum]));
  const names: string[] = [];
  for (const migration of migrations) {
    const checksum = applied.get(migration.name);
    if (checksum === undefined) {
      await apply(client, migration);
      names.push(migration.name);
    } else if (!isChecksumOf(migration, checksum)) {
      throw new StartError(
        `Migration ${migration.name} was edited after it was applied: restore it.`,
      );
    }
  }
  return names;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql };
    }),
  );
}

/** Takes no notice of how lines end, as Prisma takes none: git may have changed that. */
function isChecksumOf({ sql }: Migration, checksum: string): boolean {
  const lines = sql.replaceAll('\r\n', '\n');
  return [lines, lines.replaceAll('\n', '\r\n'), sql].some((text) => sha256(text) === checksum);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function apply(client: pg.Client, { name, sql }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), sha256(sql), name],
    );
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    const why = (cause as Error).message;
    throw new StartError(`Migration ${name} failed and left nothing behind: ${why}`, { cause });
  }
  await client.query('COMMIT');
}

/** Creates and changes nothing when the queue is up to date. */
async function migrateQueue(client: pg.Client, url: string): Promise<void> {
  const pgPool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 10_000 });
  pgPool.on('error', () => undefined);
  pgPool.on('connect', (connection) => connection.on('error', () => undefined));
  try {
    await runMigrations({ pgPool, logger: new Logger(() => () => undefined) });
    await letGrantsDecide(client);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new StartError(`The tables of the job queue could not be made ready: ${why}`, { cause });
  } finally {
    await pgPool.end();
  }
}

/** The queue shuts its tables to all but their owner; the role that serves may be another. */
async function letGrantsDecide(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT oid::regclass AS name FROM pg_class
      WHERE relnamespace = 'graphile_worker'::regnamespace AND relrowsecurity`,
  );
  for (const { name } of rows) {
    await client.query(`ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`);
  }
}
