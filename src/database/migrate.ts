import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { StartError } from '../core/errors.js';
import { connectTo, settleDatabase } from './fitness.js';
import { refuseWithoutRights } from './rights.js';
import { NO_TIMEOUTS, SESSION_CLIENT, sessionConfig } from './session.js';

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

/**
 * pg_dump and pg_restore work with an empty search path: functions of ours that this transaction has made or replaced
 * bring the one that they were made with.
 */
const FIX_SEARCH_PATHS = `
  DO $$
  DECLARE f regprocedure;
  BEGIN
    FOR f IN SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
              WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND l.lanname = 'plpgsql'
                AND p.xmin = pg_current_xact_id()::xid
                AND NOT EXISTS (SELECT FROM unnest(p.proconfig) one WHERE one LIKE 'search_path=%')
    LOOP
      EXECUTE format('ALTER FUNCTION %s SET search_path FROM CURRENT', f);
    END LOOP;
  END $$`;

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
  const settled = await settleDatabase(url);
  const turn = await takeTurn(settled);
  try {
    const client = await connectTo(settled);
    try {
      await refuseWithoutRights(client);
      await ensurePrismaTable(client);
      const applied = await applyPending(client, await readMigrations(folder));
      await migrateQueue(client, settled);
      return applied;
    } finally {
      await client.end();
    }
  } finally {
    await turn.end();
  }
}

/** In a transaction of its own, which any pooler leaves on one connection. */
async function takeTurn(url: string): Promise<pg.Client> {
  const client = await connectTo(url);
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
  return client;
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
    await client.query(FIX_SEARCH_PATHS);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), sha256(sql), name],
    );
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    const why = wordsOf(cause);
    throw new StartError(`Migration ${name} failed and left nothing behind: ${why}`, { cause });
  }
  await client.query('COMMIT');
}

/** Creates and changes nothing when the queue is up to date. */
async function migrateQueue(client: pg.Client, url: string): Promise<void> {
  const pgPool = new pg.Pool({
    ...sessionConfig(url, NO_TIMEOUTS),
    Client: SESSION_CLIENT,
    max: 1,
    connectionTimeoutMillis: 10_000,
  });
  pgPool.on('error', () => undefined);
  // The queue looks for one, and complains where there is none.
  pgPool.on('connect', (connection) => connection.on('error', () => undefined));
  try {
    await runMigrations({ pgPool, logger: new Logger(() => () => undefined) });
    await letGrantsDecide(client);
  } catch (cause) {
    const why = wordsOf(cause);
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

/** What PostgreSQL says, and what it advises. */
function wordsOf(cause: unknown): string {
  const { message, hint } = cause as { message: string; hint?: string };
  return hint === undefined ? message : `${message} (${hint})`;
}
