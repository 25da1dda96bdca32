import { randomUUID } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { lookInto, type TestDatabase } from '../../support/database.js';

/** How a database and its owner are made. */
export interface PlaceOptions {
  /** What stands behind `CREATE DATABASE x`, such as a locale. */
  how?: string;
  /** SQL for the superuser inside the new database; `$role` and `$database` stand for their names. */
  prepare?: string[];
  /** Whether the role gets in by TLS alone. */
  tlsOnly?: boolean;
  /** Whether the role owns the database; if not, it may only connect. */
  owner?: boolean;
}

/** A database of Debian's PostgreSQL with a role of its own. */
export interface Place {
  role: string;
  password: string;
  database: string;
  /** The role's URL. */
  url: string;
  /** Looks and prepares as the superuser, inside the database. */
  superuser: Pick<TestDatabase, 'sql'>;
}

const undo: (() => Promise<unknown>)[] = [];

/** Makes a role and a database, which are dropped after the tests of the file. */
export async function makePlace(options: PlaceOptions = {}): Promise<Place> {
  const name = `dreamjar_${randomUUID().slice(0, 8)}`;
  const server = lookInto(inject('debianPostgres'));
  const password = randomUUID();
  const group = options.tlsOnly ? 'IN ROLE tls_only' : '';
  await server.sql(`CREATE ROLE ${name} LOGIN PASSWORD '${password}' ${group}`);
  const owner = (options.owner ?? true) ? `OWNER ${name}` : '';
  await server.sql(`CREATE DATABASE ${name} ${owner} TEMPLATE template0 ${options.how ?? ''}`);
  const url = new URL(inject('debianPostgres'));
  url.pathname = `/${name}`;
  const superuser = lookInto(url.href);
  undo.push(async () => {
    await superuser.close();
    await server.sql(`DROP DATABASE ${name} WITH (FORCE)`);
    await server.sql(`DROP ROLE ${name}`);
    await server.close();
  });
  for (const sql of options.prepare ?? []) {
    await superuser.sql(sql.replaceAll('$role', name).replaceAll('$database', name));
  }
  url.username = name;
  url.password = password;
  return { role: name, password, database: name, url: url.href, superuser };
}

/** Has places dropped after the tests of a file: called once at its top. */
export function dropPlacesAfterwards(): void {
  afterAll(async () => {
    for (const one of undo.splice(0).reverse()) await one();
  });
}

/** The same URL with other parameters. */
export function withParameters(url: string, parameters: Record<string, string>): string {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  return changed.href;
}
