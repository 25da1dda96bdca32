import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from './support/needs.js';
import { dropPlacesAfterwards, makePlace, type Place } from './support/place.js';
import { makeFolder, runProgram, type Folder } from './support/programs.js';
import { runBuilt, startServer } from './support/server.js';
import { send, walk } from './support/walk.js';

/** Tables that a database fills by itself when it is migrated, or that follow from others. */
const DERIVED = ['_prisma_migrations', 'campaign_search', 'outbox'].map(
  (table) => `--exclude-table=${table}`,
);

const SCHEMA = ['--schema=public'];

interface Total {
  id: number;
  net_raised: string;
  total_raised: string;
  donation_count: number;
}

function totalsOf({ superuser }: Place): Promise<Total[]> {
  return superuser.sql<Total>(
    'SELECT id, net_raised, total_raised, donation_count FROM campaigns ORDER BY id',
  );
}

/** What the command prints. */
async function recountIn(place: Place): Promise<string> {
  const command = await runBuilt('cli/recount', { DATABASE_URL: place.url });
  expect([await command.ended, command.err()]).toEqual([0, '']);
  return command.out().trim();
}

describeWith(['postgresql-15'], 'a dump of the data, restored', () => {
  let folder: Folder;
  let original: Place;
  let totals: Total[];
  let word: string;

  dropPlacesAfterwards();
  beforeAll(async () => {
    folder = await makeFolder();
    original = await makePlace();
    const server = await startServer({ DATABASE_URL: original.url });
    const { campaign, token } = await walk(server.address);
    await walk(server.address);
    const gift = await send(
      server.address,
      'POST',
      `/campaigns/${campaign}/donations/`,
      { amount: 7 },
      token,
    );
    await send(server.address, 'POST', `/donations/${gift.id}/refunds/`, { amount: 3 }, token);
    await send(server.address, 'POST', `/donations/${gift.id}/refunds/`, { amount: 1 }, token);
    word = (await send(server.address, 'GET', `/campaigns/${campaign}/`)).title.split(' ').at(-1);
    await server.stop();
    totals = await totalsOf(original);
    expect(totals.map(({ net_raised }) => Number(net_raised))).toEqual([2_500 + 300, 2_500]);
  });
  afterAll(() => folder.remove());

  async function dump(name: string, ...args: string[]): Promise<string> {
    const file = join(folder.path, name);
    await runProgram('pg_dump', ['--no-owner', `--file=${file}`, ...args, original.url]);
    return file;
  }

  /** A database that was migrated, and has nothing in it. */
  async function migrated(): Promise<Place> {
    const place = await makePlace();
    const command = await runBuilt('cli/migrate', { DATABASE_URL: place.url });
    expect(await command.ended).toBe(0);
    return place;
  }

  /** Has the totals that it had, needs no recount, and goes on working. */
  async function expectWhole(place: Place): Promise<void> {
    expect(await totalsOf(place)).toEqual(totals);
    expect(await recountIn(place)).toBe(
      'Counted 2 campaigns: the totals of 0 and what was given back of 0 gifts were wrong and are right now.',
    );
    const server = await startServer({ DATABASE_URL: place.url });
    const found = await send(server.address, 'GET', `/campaigns/?q=${word}`);
    expect(found).toHaveLength(1);
    await walk(server.address);
    await server.stop();
  }

  test('as a script by psql', async () => {
    const file = await dump('whole.sql');
    const place = await makePlace();
    await runProgram('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-f', file, place.url]);
    await expectWhole(place);
  });

  test('as an archive by pg_restore', async () => {
    const file = await dump('whole.dump', '--format=custom');
    const place = await makePlace();
    const restore = ['--exit-on-error', '--no-owner', `--dbname=${place.url}`, file];
    await runProgram('pg_restore', restore);
    await expectWhole(place);
  });

  test('as data alone, with triggers, into a database that was migrated', async () => {
    const file = await dump('data.dump', '--format=custom', '--data-only', ...SCHEMA, ...DERIVED);
    const place = await migrated();
    const restore = ['--data-only', '--exit-on-error', `--dbname=${place.url}`, file];
    await runProgram('pg_restore', restore);
    await expectWhole(place);
  });

  test('as data alone, without triggers: what they would have kept is made good by npm run recount', async () => {
    const file = await dump('bare.dump', '--format=custom', '--data-only', ...SCHEMA, ...DERIVED);
    const place = await migrated();
    await place.superuser.sql(`ALTER ROLE ${place.role} SUPERUSER`);
    const restore = ['--data-only', '--disable-triggers', '--exit-on-error'];
    await runProgram('pg_restore', [...restore, `--dbname=${place.url}`, file]);
    expect(await totalsOf(place)).toEqual(totals);
    await recountIn(place);
    await expectWhole(place);
  });

  test('with totals that are wrong: npm run recount says how many it put right', async () => {
    const file = await dump('wrong.dump', '--format=custom');
    const place = await makePlace();
    const restore = ['--exit-on-error', '--no-owner', `--dbname=${place.url}`, file];
    await runProgram('pg_restore', restore);
    await place.superuser.sql(
      'UPDATE campaigns SET net_raised = net_raised * 2, total_raised = net_raised * 2 / 100, donation_count = 9',
    );
    await place.superuser.sql(
      'ALTER TABLE donations DISABLE TRIGGER USER; UPDATE donations SET refunded = 100; ALTER TABLE donations ENABLE TRIGGER USER',
    );
    expect(await recountIn(place)).toBe(
      'Counted 2 campaigns: the totals of 2 and what was given back of 3 gifts were wrong and are right now.',
    );
    await expectWhole(place);
  });
});
