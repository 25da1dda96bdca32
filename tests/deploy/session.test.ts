import { afterEach, expect, test } from 'vitest';
import { describeWith } from './support/needs.js';
import {
  dropPlacesAfterwards,
  makePlace,
  withParameters,
  type PlaceOptions,
} from './support/place.js';
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

const HOSTILE = [
  `TimeZone TO 'Europe/Sofia'`,
  `DateStyle TO 'German, DMY'`,
  `IntervalStyle TO 'sql_standard'`,
  `bytea_output TO 'escape'`,
  `client_encoding TO 'LATIN1'`,
  `extra_float_digits TO '-15'`,
  `standard_conforming_strings TO 'off'`,
  `transform_null_equals TO 'on'`,
  `array_nulls TO 'off'`,
  `quote_all_identifiers TO 'on'`,
  `row_security TO 'off'`,
  `gin_fuzzy_search_limit TO '1'`,
  `default_transaction_isolation TO 'serializable'`,
  `exit_on_error TO 'on'`,
  `statement_timeout TO '300ms'`,
  `lock_timeout TO '1ms'`,
  `idle_session_timeout TO '300ms'`,
  `idle_in_transaction_session_timeout TO '10ms'`,
];

const NAMES = HOSTILE.map((one) => one.split(' ')[0]!);

describeWith(['postgresql-15'], 'settings of the database, the role or the URL', () => {
  dropPlacesAfterwards();

  const places: { where: string; options: PlaceOptions; parameters?: Record<string, string> }[] = [
    {
      where: 'the database',
      options: { prepare: HOSTILE.map((one) => `ALTER DATABASE $database SET ${one}`) },
    },
    {
      where: 'the role',
      options: { prepare: HOSTILE.map((one) => `ALTER ROLE $role SET ${one}`) },
    },
    {
      where: 'the URL',
      options: { prepare: [`ALTER DATABASE $database SET TimeZone TO 'Europe/Sofia'`] },
      parameters: {
        options: '-c search_path=public -c TimeZone=Asia/Tokyo -c DateStyle=German',
        timezone: 'Asia/Tokyo',
        statement_timeout: '1',
        lock_timeout: '1',
        idle_in_transaction_session_timeout: '1',
        query_timeout: '1',
        application_name: 'another',
        binary: 'true',
        replication: 'true',
        client_encoding: 'latin1',
      },
    },
  ];
  test.each(places)(
    'change nothing when they come from $where',
    async ({ options, parameters }) => {
      const place = await makePlace(options);
      const server = await serve({ DATABASE_URL: withParameters(place.url, parameters ?? {}) });
      const { campaign } = await walk(server.address);
      const [row] = await place.superuser.sql<{ late: number }>(
        `SELECT abs(extract(epoch FROM now() - date_donated))::float8 AS late FROM donations WHERE campaign_id = ${campaign}`,
      );
      expect(row!.late).toBeLessThan(60);
      for (const name of NAMES)
        await place.superuser.sql(`ALTER DATABASE ${place.database} RESET ${name}`);
    },
  );

  test('change nothing when they come from PGOPTIONS', async () => {
    const { url } = await makePlace();
    const server = await serve({
      DATABASE_URL: url,
      PGOPTIONS:
        '-c TimeZone=Asia/Tokyo -c DateStyle=German -c default_transaction_isolation=serializable',
    });
    await walk(server.address);
  });

  test('keep what the URL sets of other things', async () => {
    const place = await makePlace();
    const url = withParameters(place.url, { options: '-c work_mem=7MB' });
    const server = await serve({ DATABASE_URL: url });
    await walk(server.address);
    expect(
      await refusalOf({ DATABASE_URL: withParameters(url, { options: '-c absent=1' }) }),
    ).toContain(`unrecognized configuration parameter "absent"`);
  });

  test.each([
    { name: 'default_transaction_read_only', value: 'on', wanted: 'off' },
    { name: 'session_replication_role', value: 'replica', wanted: 'origin' },
  ])(
    "are refused by name where they are somebody's decision: $name",
    async ({ name, value, wanted }) => {
      const place = await makePlace({ prepare: [`ALTER ROLE $role SET ${name} TO ${value}`] });
      expect(await refusalOf({ DATABASE_URL: place.url })).toBe(
        `These settings of the role can't be worked with: ${name} is ${value}. Run ALTER ROLE ${place.role} IN DATABASE ${place.database} SET ${name} TO '${wanted}'; and connect anew (RECONNECT in PgBouncer).`,
      );
      await place.superuser.sql(
        `ALTER ROLE ${place.role} IN DATABASE ${place.database} SET ${name} TO '${wanted}'`,
      );
      await walk((await serve({ DATABASE_URL: place.url })).address);
    },
  );
});
