import { afterEach, expect, test } from 'vitest';
import { describeWith } from './support/needs.js';
import { dropPlacesAfterwards, makePlace, withParameters, type Place } from './support/place.js';
import { refusalOf, startServer, type RunningServer } from './support/server.js';
import { walk } from './support/walk.js';

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function serve(env: Record<string, string>): Promise<RunningServer> {
  const server = await startServer(env);
  undo.push(() => server.stop());
  return server;
}

/** Where the tables of a database are. */
async function schemasOf({ superuser }: Place): Promise<string[]> {
  const rows = await superuser.sql<{ schema: string }>(
    `SELECT DISTINCT schemaname::text AS schema FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'graphile_worker')`,
  );
  return rows.map(({ schema }) => schema);
}

describeWith(['postgresql-15'], 'another schema than public', () => {
  dropPlacesAfterwards();

  test("one of the role's own name, which PostgreSQL finds first, takes everything", async () => {
    const place = await makePlace({ prepare: ['CREATE SCHEMA AUTHORIZATION $role'] });
    const server = await serve({ DATABASE_URL: place.url });
    await walk(server.address);
    expect(await schemasOf(place)).toEqual([place.role]);
  });

  test('one that the URL names, with pg_trgm in a schema of its own', async () => {
    const place = await makePlace({
      prepare: [
        'CREATE SCHEMA "Träume" AUTHORIZATION $role',
        'CREATE SCHEMA extensions',
        'GRANT USAGE ON SCHEMA extensions TO $role',
        'CREATE EXTENSION pg_trgm SCHEMA extensions',
      ],
    });
    const url = withParameters(place.url, { schema: 'Träume' });
    const server = await serve({ DATABASE_URL: url, WEB_CONCURRENCY: '2' });
    await walk(server.address);
    expect(await schemasOf(place)).toEqual(['Träume']);
  });

  test('one that is not there, or that the role may not use, is refused by name', async () => {
    const place = await makePlace({ prepare: ['REVOKE USAGE ON SCHEMA public FROM PUBLIC'] });
    const absent = withParameters(place.url, { schema: 'absent' });
    expect(await refusalOf({ DATABASE_URL: absent })).toMatch(
      /no right on schema absent .*GRANT USAGE/,
    );
  });
});

describeWith(['postgresql-15'], 'readiness', () => {
  dropPlacesAfterwards();

  test('proves that a write has ground to stand on', async () => {
    const place = await makePlace();
    const server = await serve({ DATABASE_URL: place.url });
    const ready = async () => (await fetch(`${server.address}/health/ready`)).status;
    expect(await ready()).toBe(200);
    await place.superuser.sql(`REVOKE INSERT ON donations FROM ${place.role}`);
    expect(await ready()).toBe(503);
    await place.superuser.sql(`GRANT INSERT ON donations TO ${place.role}`);
    expect(await ready()).toBe(200);
  });
});

describeWith(['postgresql-15'], 'a locale that folds letters by rules of its own', () => {
  dropPlacesAfterwards();

  test.each(['tr-TR', 'az-AZ', 'lt-LT', 'el-GR'])(
    'is refused with the line that makes a database: %s',
    async (locale) => {
      const how = `ENCODING 'UTF8' LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE '${locale}'`;
      const { url } = await makePlace({ how });
      expect(await refusalOf({ DATABASE_URL: url })).toContain(
        `CREATE DATABASE dreamjar TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'`,
      );
    },
  );

  test.each(['en-US', 'de-DE'])('is no matter in other languages: %s', async (locale) => {
    const how = `ENCODING 'UTF8' LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE '${locale}'`;
    const { url } = await makePlace({ how });
    await walk((await serve({ DATABASE_URL: url })).address);
  });
});
