import { afterEach, expect, inject, test } from 'vitest';
import { describeWith } from './support/needs.js';
import { dropPlacesAfterwards, makePlace, withParameters } from './support/place.js';
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

describeWith(
  ['postgresql-15'],
  'a database that wants TLS, with a certificate of nobody known',
  () => {
    dropPlacesAfterwards();

    test('says what to set', async () => {
      const { url, password } = await makePlace({ tlsOnly: true });
      const plain = await refusalOf({ DATABASE_URL: url });
      expect(plain).toMatch(/no encryption.*sslmode=verify-full.*PGSSLMODE=no-verify/);
      const strict = await refusalOf({ DATABASE_URL: withParameters(url, { sslmode: 'require' }) });
      expect(strict).toMatch(/self-signed certificate.*sslmode=no-verify/);
      expect(plain + strict).not.toContain(password);
    });

    test('is used by PGSSLMODE=no-verify, as on Heroku, by every connection', async () => {
      const { url } = await makePlace({ tlsOnly: true });
      const heroku = url.replace('postgresql://', 'postgres://');
      await walk((await serve({ DATABASE_URL: heroku, PGSSLMODE: 'no-verify' })).address);
    });

    test('is used by sslmode=no-verify in the URL', async () => {
      const { url } = await makePlace({ tlsOnly: true });
      const server = await serve({ DATABASE_URL: withParameters(url, { sslmode: 'no-verify' }) });
      await walk(server.address);
    });
  },
);

describeWith(['postgresql-15'], 'what else the server says is told with what to do', () => {
  dropPlacesAfterwards();

  test('no right on public, as for everybody but the owner since PostgreSQL 15', async () => {
    const { url, role, database } = await makePlace({ owner: false });
    expect(await refusalOf({ DATABASE_URL: url })).toBe(
      `The role ${role} may not make the tables in schema public: have the owner of the database run GRANT CREATE ON SCHEMA public TO ${role}; GRANT CREATE ON DATABASE ${database} TO ${role};`,
    );
  });

  test('another password', async () => {
    const wrong = new URL((await makePlace()).url);
    wrong.password = 'a-wrong-password';
    const refusal = await refusalOf({ DATABASE_URL: wrong.href });
    expect(refusal).toMatch(
      /password authentication failed .*Check user and password in DATABASE_URL\.$/,
    );
    expect(refusal).not.toContain('a-wrong-password');
  });

  test('no such database', async () => {
    const absent = new URL(inject('debianPostgres'));
    absent.pathname = '/absent';
    expect(await refusalOf({ DATABASE_URL: absent.href })).toMatch(
      /database "absent" does not exist .*Create the database/,
    );
  });

  test('nobody there', async () => {
    expect(await refusalOf({ DATABASE_URL: 'postgresql://a:b@127.0.0.1:1/c' })).toMatch(
      /ECONNREFUSED.*Check DATABASE_URL\.$/,
    );
  });

  test('no more connections', async () => {
    const { url, role, superuser } = await makePlace();
    await superuser.sql(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
    expect(await refusalOf({ DATABASE_URL: url })).toMatch(
      /too many connections for role .*lower DATABASE_POOL_SIZE/,
    );
  });

  test('the same in every program', async () => {
    const { url } = await makePlace({ tlsOnly: true });
    for (const program of ['process/worker', 'cli/migrate', 'cli/recount']) {
      expect(await refusalOf({ DATABASE_URL: url }, program)).toContain('PGSSLMODE=no-verify');
    }
  });
});
