import type pg from 'pg';
import { explainConnectionFailure } from './connection-failure.js';
import { readDatabaseUrl, settledUrl } from './database-url.js';
import { StartError } from '../core/errors.js';
import { isPooledByTransaction, openUnsettled } from './pooling.js';
import {
  isSetBy,
  NEVER_SET,
  NO_TIMEOUTS,
  RELIED_ON,
  SessionClient,
  sessionConfig,
} from './session.js';

const CREATE = `CREATE DATABASE dreamjar TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'`;

/** Letters that Turkish, Azeri, Lithuanian and Greek fold by rules of their own, and some that only Unicode folds. */
const FOLDS = `
  SELECT lower('I') = 'i' AND upper('i') = 'I' AND lower('Ì') = 'ì' AND upper('ά') = 'Ά'
     AND lower('É') = 'é' AND lower('Я') = 'я' AND lower('Σ') = 'σ' AND upper('ς') = 'Σ' AS folds`;

/** Milliseconds: what ends sooner would end statements that we wait for. */
const SHORTEST_TIMEOUT = 4_000;

/** What all names of time zones without an offset have in common. */
const UTC = /^((Etc\/)?(UTC|UCT|GMT|Universal|Zulu|Greenwich|GMT[+-]?0))$/;

interface Place {
  role: string;
  database: string;
  schema: string | null;
  mayUse: boolean | null;
  replays: boolean;
}

/**
 * Looks whether a database can be relied on, and gives its URL with what was found: the schema, and whether a pooler
 * lends connections by the transaction.
 * @throws StartError with what to set, where it can't.
 */
export async function settleDatabase(url: string): Promise<string> {
  const given = readDatabaseUrl(url);
  const byTransaction = (await firstLook(url)) || given.byTransaction;
  const known = settledUrl(url, { schema: given.schema, byTransaction });
  const client = await connectTo(known);
  try {
    await refuseForeign(client);
    const place = await placeOf(client, given.schema);
    await refuseDeviations(client, place);
    if (byTransaction) await refuseWhatCannotBeSet(client, given.schema, place);
    return settledUrl(known, { schema: place.schema!, byTransaction });
  } finally {
    await client.end();
  }
}

/** The same for a replica of a database that is settled. It may be away at the start: the primary answers meanwhile. */
export async function settleReplica(url: string, primary: string): Promise<string> {
  const given = readDatabaseUrl(url);
  const byTransaction = given.byTransaction || (await firstLook(url).catch(() => false));
  return settledUrl(url, {
    schema: given.schema ?? readDatabaseUrl(primary).schema,
    byTransaction,
  });
}

/** Refuses an old server, and tells whether a pooler lends connections by the transaction: nothing is set yet. */
async function firstLook(url: string): Promise<boolean> {
  const client = await connectTo(url, openUnsettled);
  try {
    await refuseOld(client);
    return await isPooledByTransaction(client, url);
  } catch (cause) {
    throw cause instanceof StartError ? cause : explainConnectionFailure(cause);
  } finally {
    await client.end();
  }
}

/** Opens a connection. @throws StartError that says what to set. */
export async function connectTo(
  url: string,
  open: (url: string) => SessionClient = openUnbounded,
): Promise<SessionClient> {
  try {
    const client = open(url);
    await client.connect();
    return client;
  } catch (cause) {
    throw explainConnectionFailure(cause);
  }
}

function openUnbounded(url: string): SessionClient {
  return new SessionClient({
    ...sessionConfig(url, NO_TIMEOUTS),
    connectionTimeoutMillis: 10_000,
  });
}

async function refuseOld(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  if (rows[0]!.version >= 140_000) return;
  throw new StartError('The database is too old: PostgreSQL 14 or later is needed.');
}

async function refuseForeign(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(
    `SELECT current_setting('server_encoding') AS encoding`,
  );
  // Asked of UTF-8 alone: other encodings may not even have the letters.
  if (rows[0]!.encoding === 'UTF8') {
    const folding = await client.query<{ folds: boolean }>(FOLDS);
    if (folding.rows[0]!.folds) return;
  }
  throw new StartError(
    `The database must be created with ENCODING 'UTF8' and a Unicode locale that folds letters as most languages do, for example by ${CREATE}: names and searches would go wrong in this one.`,
  );
}

async function placeOf(client: pg.Client, given: string | undefined): Promise<Place> {
  const { rows } = await client.query<Place>(
    `SELECT quote_ident(current_user) AS role, quote_ident(current_database()) AS database,
            nspname::text AS schema, has_schema_privilege(oid, 'USAGE') AS "mayUse",
            pg_is_in_recovery() AS replays
       FROM (SELECT coalesce($1::text, current_schema()::text) AS name) wanted
       LEFT JOIN pg_namespace ON nspname = wanted.name`,
    [given ?? null],
  );
  const place = rows[0]!;
  const { role, database, schema, mayUse, replays } = place;
  if (replays) {
    throw new StartError(
      'The database only replays another one: DATABASE_URL must lead to the primary, and DATABASE_REPLICA_URL may lead here.',
    );
  }
  if (schema !== null && /^(pg_|information_schema$)/.test(schema)) {
    throw new StartError(
      `The schema ${schema} belongs to PostgreSQL itself: name another in DATABASE_URL by ?schema=, or in the role's search path.`,
    );
  }
  if (schema !== null && mayUse) return place;
  const lacking = given === undefined ? 'no schema that it may use' : `no right on schema ${given}`;
  throw new StartError(
    `The role ${role} has ${lacking} in the database: have a superuser run CREATE SCHEMA AUTHORIZATION ${role}, or GRANT USAGE, CREATE ON SCHEMA public TO ${role}, inside ${database}.`,
  );
}

/** What is set when a connection is opened holds there, and what we never set is as it must be. */
async function refuseDeviations(client: pg.Client, { role, database }: Place): Promise<void> {
  const expected = { ...RELIED_ON, ...NEVER_SET };
  const { rows } = await client.query<{ name: string; value: string; wanted: string }>(
    `SELECT name, current_setting(name) AS value, wanted FROM unnest($1::text[], $2::text[]) AS e(name, wanted)
      WHERE current_setting(name, true) <> wanted`,
    [Object.keys(expected), Object.values(expected)],
  );
  const wrong = rows.filter(({ name, value }) => name !== 'TimeZone' || !UTC.test(value));
  if (wrong.length === 0) return;
  const values = wrong.map(({ name, value }) => `${name} is ${value}`).join(', ');
  const { options } = client.getStartupConf();
  const optional = wrong.filter(({ name }) => isSetBy(options, name)).map(({ name }) => name);
  if (optional.length > 0) {
    throw new StartError(
      `These settings of the session can't be worked with: ${values}. Take ${optional.join(' and ')} out of PGOPTIONS, or of options in DATABASE_URL.`,
    );
  }
  const cure = wrong.map(
    ({ name, wanted }) =>
      `ALTER ROLE ${role} IN DATABASE ${database} SET ${name} TO '${wanted.replace(', ', "', '")}';`,
  );
  throw new StartError(
    `These settings of the role can't be worked with: ${values}. Run ${cure.join(' ')} and connect anew (RECONNECT in PgBouncer).`,
  );
}

/** Through a pooler by the transaction, schema and timeouts of single statements are those of the role. */
async function refuseWhatCannotBeSet(
  client: pg.Client,
  given: string | undefined,
  { role, database }: Place,
): Promise<void> {
  const { rows } = await client.query<{ schema: string | null; timeout: number }>(
    `SELECT current_schema()::text AS schema, setting::int AS timeout
       FROM pg_settings WHERE name = 'statement_timeout'`,
  );
  const { schema, timeout } = rows[0]!;
  const wrong = [
    ...(given === undefined || given === schema ? [] : [`search_path TO '${given}'`]),
    ...(timeout === 0 || timeout >= SHORTEST_TIMEOUT ? [] : [`statement_timeout TO '4s'`]),
  ];
  if (wrong.length === 0) return;
  const cure = wrong.map((one) => `ALTER ROLE ${role} IN DATABASE ${database} SET ${one};`);
  throw new StartError(
    `Through a pooler that lends connections by the transaction, this must be set for the role: run ${cure.join(' ')} and connect anew (RECONNECT in PgBouncer).`,
  );
}
