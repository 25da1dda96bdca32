import pg from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { describeWith } from './support/needs.js';
import { startPgBouncer } from './support/pgbouncer.js';
import {
  dropPlacesAfterwards,
  makePlace,
  withParameters,
  type Place,
  type PlaceOptions,
} from './support/place.js';
import { refusalOf, startServer, type RunningServer } from './support/server.js';
import { send, walk } from './support/walk.js';

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const ODD: PlaceOptions = {
  prepare: [
    `ALTER DATABASE $database SET TimeZone TO 'Europe/Sofia'`,
    `ALTER DATABASE $database SET DateStyle TO 'German, DMY'`,
  ],
};

async function pool(
  settings: Record<string, string>,
  options: PlaceOptions = ODD,
): Promise<{ place: Place; url: string }> {
  const place = await makePlace(options);
  const bouncer = await startPgBouncer(place, settings);
  undo.push(() => bouncer.stop());
  return { place, url: bouncer.url };
}

async function serve(env: Record<string, string>): Promise<RunningServer> {
  const server = await startServer(env);
  undo.push(() => server.stop());
  return server;
}

/** Reads and gifts side by side: with them connections change hands. */
async function crowd(address: string, campaign: number): Promise<void> {
  const gift = { amount: 2, donor_name: 'Aunt Kate', donor_email: 'kate@example.org' };
  const gifts = Array.from({ length: 20 }, () =>
    send(address, 'POST', `/campaigns/${campaign}/donations/`, gift),
  );
  const reads = Array.from({ length: 20 }, (_, n) =>
    send(
      address,
      'GET',
      n % 2 ? `/campaigns/?page_size=${1 + (n % 7)}` : `/campaigns/${campaign}/`,
    ),
  );
  await Promise.all([...gifts, ...reads]);
  const shown = await send(address, 'GET', `/campaigns/${campaign}/`);
  expect(shown.total_raised).toBe(25 + 40);
}

describeWith(['postgresql-15', 'pgbouncer'], "through Debian's PgBouncer", () => {
  dropPlacesAfterwards();

  test("by the session, with Debian's defaults, all works", async () => {
    const { url } = await pool({ pool_mode: 'session', default_pool_size: '40' });
    const server = await serve({ DATABASE_URL: url });
    const { campaign } = await walk(server.address);
    await crowd(server.address, campaign);
  });

  test('by the transaction, which is found out, all works', async () => {
    const { url } = await pool({ pool_mode: 'transaction', default_pool_size: '5' });
    const server = await serve({ DATABASE_URL: url });
    const { campaign } = await walk(server.address);
    await crowd(server.address, campaign);
    expect(server.out()).toContain('a pooler lends connections by the transaction');
  });

  test('by the transaction, on one connection in turns and with two processes, all works', async () => {
    const { url } = await pool({
      ...{ pool_mode: 'transaction', default_pool_size: '4', server_round_robin: '1' },
    });
    const server = await serve({ DATABASE_URL: url, WEB_CONCURRENCY: '2' });
    const { campaign } = await walk(server.address);
    await crowd(server.address, campaign);
  });

  test('by the transaction, a search that takes too long ends in the database as well', async () => {
    const { place, url } = await pool({ pool_mode: 'transaction', default_pool_size: '5' });
    const server = await serve({ DATABASE_URL: url });
    const holder = new pg.Client({ connectionString: place.url });
    await holder.connect();
    undo.push(() => holder.end());
    await holder.query('BEGIN; LOCK TABLE campaign_search IN ACCESS EXCLUSIVE MODE');
    expect((await fetch(`${server.address}/campaigns/?q=violin`)).status).toBe(503);
    await vi.waitFor(
      async () => {
        const waiting = `SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`;
        expect(await place.superuser.sql(waiting, [place.database])).toEqual([]);
      },
      { timeout: 60_000, interval: 50 },
    );
  });

  test('options in the URL are refused in a sentence, or ignored as PgBouncer is told', async () => {
    const strict = await pool({ pool_mode: 'session' });
    const options = { options: '-c search_path=public' };
    expect(await refusalOf({ DATABASE_URL: withParameters(strict.url, options) })).toMatch(
      /^The database can't be reached: .*options.*ignore_startup_parameters = options in PgBouncer\.$/,
    );
    const lenient = await pool({ pool_mode: 'session', ignore_startup_parameters: 'options' });
    await walk((await serve({ DATABASE_URL: withParameters(lenient.url, options) })).address);
  });

  test('by the transaction, what a role sets otherwise is refused with the line to run', async () => {
    const { place, url } = await pool(
      { pool_mode: 'transaction' },
      { prepare: [`ALTER DATABASE $database SET bytea_output TO 'escape'`] },
    );
    const refusal = await refusalOf({ DATABASE_URL: url });
    expect(refusal).toBe(
      `These settings of the role can't be worked with: bytea_output is escape. Run ALTER ROLE ${place.role} IN DATABASE ${place.database} SET bytea_output TO 'hex'; and connect anew (RECONNECT in PgBouncer).`,
    );
    await place.superuser.sql(/Run (ALTER .*;) and/.exec(refusal)![1]!);
    const again = await startPgBouncer(place, { pool_mode: 'transaction' });
    undo.push(() => again.stop());
    await walk((await serve({ DATABASE_URL: again.url })).address);
  });

  test('one that its database is hidden from says so at the start', async () => {
    const { url } = await pool({ pool_mode: 'session', ignore_startup_parameters: 'options' });
    const wrong = new URL(url);
    wrong.password = 'not the password';
    expect(await refusalOf({ DATABASE_URL: wrong.href })).toMatch(
      /^The database can't be reached: .* Check user and password in DATABASE_URL\.$/,
    );
  });
});
