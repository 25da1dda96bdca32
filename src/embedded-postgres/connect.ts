import pg from 'pg';
import { StartError } from '../core/errors.js';
import { NAME, passwordOf } from './cluster.js';
import type { Place } from './place.js';

/** A connection that says when it is gone, and whose loss never ends the process. */
export interface Link {
  client: pg.Client;
  port: number;
  gone: Promise<void>;
}

/** The address for everybody else. */
export async function urlOf(place: Place, port: number): Promise<string> {
  return `postgresql://${NAME}:${await passwordOf(place)}@127.0.0.1:${port}/${NAME}`;
}

/** A link to the PostgreSQL on this port, or the code of the error when it isn't ready. */
export async function knock(place: Place, port: number): Promise<Link | string> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: NAME,
    password: await passwordOf(place),
    // Not the application's own: tests and people may want to drop or copy that one.
    database: 'postgres',
    application_name: 'dreamjar-embedded',
    ssl: false,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
  });
  const gone = new Promise<void>((resolve) => client.once('end', () => resolve()));
  client.on('error', () => undefined);
  try {
    await client.connect();
    return { client, port, gone };
  } catch (error) {
    await client.end().catch(() => undefined);
    const code = (error as { code?: string }).code ?? 'unknown';
    if (code !== '28P01') return code;
    throw new StartError(
      `The password in ${place.folder} isn't the database's: put the right file back, or set DATA_DIR to another folder.`,
    );
  }
}

/** Makes the application's database unless it is there. */
export async function ensureDatabase({ client }: Link): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [NAME]);
  if (found.rowCount) return;
  await client.query(`CREATE DATABASE ${NAME}`).catch((error: unknown) => {
    const { code } = error as { code?: string };
    // Another process made it at the same moment.
    if (code !== '42P04' && code !== '23505') throw error;
  });
}
