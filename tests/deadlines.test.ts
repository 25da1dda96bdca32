import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  addChild,
  donate,
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
  type TestChild,
  type TestParent,
} from './support/factories.js';

const NOW = new Date('2030-06-15T12:00:00.000Z');
const REFUSED = { deadline: [expect.any(String)] };

const api = useApi();
const inTokyo = useApi({ through: moveToTokyo });
let parent: TestParent;
let child: TestChild;

beforeAll(async () => {
  api.clock.now = NOW;
  parent = await registerParent(api);
  child = await addChild(api, parent, { date_of_birth: '2024-01-01' });
});

afterEach(() => {
  api.clock.now = NOW;
});

const create = (fields: object) =>
  api.post(
    `/children/${child.id}/campaigns/`,
    { title: 'A trip', description: 'To the sea', goal: 50, category: 'dreams', ...fields },
    parent.access,
  );
const change = ({ id }: TestCampaign, fields: object) =>
  api.put(`/campaigns/${id}/`, fields, parent.access);
const show = async ({ id }: TestCampaign) => (await api.get(`/campaigns/${id}/`).expect(200)).body;
const withDeadline = (deadline: string | null) => openCampaign(api, parent, child, { deadline });

/** Moves the clock for visitors; the parent's token lives an hour. */
function wait(milliseconds: number): void {
  api.clock.now = new Date(NOW.getTime() + milliseconds);
}

describe('what is understood', () => {
  test.each([
    ['2030-06-15T12:00:00.001Z', '2030-06-15T12:00:00.001Z'],
    ['2030-07-01T18:00:00Z', '2030-07-01T18:00:00.000Z'],
    ['2030-07-01T18:00:00', '2030-07-01T18:00:00.000Z'],
    ['2030-07-01T18:00', '2030-07-01T18:00:00.000Z'],
    ['2030-07-01T18:00:00.5', '2030-07-01T18:00:00.500Z'],
    ['2030-07-01T18:00:00.123000Z', '2030-07-01T18:00:00.123Z'],
    ['2030-07-01T18:00:00.123456Z', '2030-07-01T18:00:00.123Z'],
    ['2030-07-01T18:00:00.123999999+00:00', '2030-07-01T18:00:00.123Z'],
    ['2030-07-01T18:00:00.0009', '2030-07-01T18:00:00.000Z'],
    ['9999-12-31T23:59:59.9999999Z', '9999-12-31T23:59:59.999Z'],
    ['2030-07-01T18:00Z', '2030-07-01T18:00:00.000Z'],
    ['2030-07-01 18:00:00z', '2030-07-01T18:00:00.000Z'],
    [' 2030-07-01\n', '2030-07-01T23:59:59.999Z'],
    ['2030-07-01T18:00:00+02:00', '2030-07-01T16:00:00.000Z'],
    ['2030-07-01T18:00:00-09:30', '2030-07-02T03:30:00.000Z'],
    ['2030-06-15T11:30:00-01:00', '2030-06-15T12:30:00.000Z'],
    ['2030-06-15', '2030-06-15T23:59:59.999Z'],
    ['2032-02-29', '2032-02-29T23:59:59.999Z'],
    ['9999-12-31', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59+23:59', '9999-12-31T00:00:59.000Z'],
  ])('%s means %s', async (written, meant) => {
    const { body } = await create({ deadline: written }).expect(201);
    expect(body).toMatchObject({ has_deadline: true, deadline: meant, is_expired: false });
    const other = await withDeadline(null);
    const changed = await change(other, { deadline: written }).expect(200);
    expect(changed.body).toMatchObject({ has_deadline: true, deadline: meant });
    const seen = await api.get('/parents/me/', parent.access);
    expect(seen.body.children[0].campaigns[0].deadline).toBe(meant);
  });

  test.each([
    '2031-02-29',
    '2023-02-30',
    '2031-02-30T00:00:00Z',
    '2031-04-31',
    '2031-13-01',
    '2031-00-10',
    '2031-01-00',
    '2031-01-01T25:00:00Z',
    '2031-01-01T24:00:00Z',
    '2031-01-01T10:60:00Z',
    '2031-01-01T10:00:60Z',
    '2031-01-01T10:00:00+24:00',
    '2031-01-01T10:00:00+2',
    '2031-01-01T10:00:00 UTC',
    '2031-01-01T10:00:00.Z',
    '2031-01-01T10:00:00,123Z',
    '2031-01-01T10:00.5Z',
    '2031-01-01T10',
    '2031-1-1',
    '31-01-01',
    '01/02/2031',
    '20310101',
    '1924992000',
    '10000-01-01',
    '+010000-01-01',
    '9999-12-31T23:59:59-00:01',
    '-2031-01-01',
    'tomorrow',
    '2031-01-01\u0000',
    '2031-01-01T',
    'infinity',
    'now',
  ])('%j is refused', async (written) => {
    expect((await create({ deadline: written }).expect(400)).body).toEqual(REFUSED);
    const other = await withDeadline(null);
    expect((await change(other, { deadline: written }).expect(400)).body).toEqual(REFUSED);
    expect(await show(other)).toMatchObject({ has_deadline: false, deadline: null });
  });
});

describe('past and future', () => {
  const past = [
    '2030-06-14',
    '2030-06-15T12:00:00Z',
    '2030-06-15T11:59:59.999Z',
    '2030-06-15T13:59:00+02:00',
    '0001-01-01',
  ];

  test.each(past)('%s is past: refused when set and when changed', async (deadline) => {
    expect((await create({ deadline }).expect(400)).body).toEqual(REFUSED);
    for (const before of [null, '2031-01-01']) {
      const other = await withDeadline(before);
      expect((await change(other, { deadline }).expect(400)).body).toEqual(REFUSED);
      expect((await show(other)).has_deadline).toBe(before !== null);
    }
  });

  test('one that has passed is accepted unchanged, however it is written, and only so', async () => {
    const other = await withDeadline('2030-06-15T12:30:00Z');
    wait(45 * 60_000);
    for (const deadline of [
      '2030-06-15T12:30:00.000Z',
      '2030-06-15T12:30',
      '2030-06-15T14:30:00+02:00',
    ]) {
      const { body } = await change(other, { deadline, title: 'Renamed' }).expect(200);
      expect(body).toMatchObject({
        title: 'Renamed',
        deadline: '2030-06-15T12:30:00.000Z',
        is_expired: true,
      });
    }
    await change(other, { has_deadline: true }).expect(200);
    await change(other, { goal: 60 }).expect(200);
    expect(
      (await change(other, { deadline: '2030-06-15T12:30:00.001Z' }).expect(400)).body,
    ).toEqual(REFUSED);
    await change(other, { deadline: '2030-06-15T12:45:00.001Z' }).expect(200);
  });
});

describe('has_deadline and deadline', () => {
  const future = '2031-01-01T00:00:00.000Z';
  const old = '2030-12-24T00:00:00.000Z';

  test.each([
    [{}, null],
    [{ deadline: future }, future],
    [{ deadline: null }, null],
    [{ deadline: '' }, null],
    [{ has_deadline: true, deadline: future }, future],
    [{ has_deadline: false }, null],
    [{ has_deadline: false, deadline: future }, null],
    [{ has_deadline: false, deadline: '2001-01-01' }, null],
    [{ has_deadline: false, deadline: null }, null],
    [{ has_deadline: true }, 'refused'],
    [{ has_deadline: true, deadline: null }, 'refused'],
    [{ has_deadline: true, deadline: '' }, 'refused'],
  ])('created with %j: %s', async (fields, expected) => {
    const { status, body } = await create(fields);
    if (expected === 'refused') expect({ status, body }).toEqual({ status: 400, body: REFUSED });
    else expect(body).toMatchObject({ deadline: expected, has_deadline: expected !== null });
  });

  test.each([
    [null, {}, null],
    [null, { has_deadline: true }, 'refused'],
    [null, { has_deadline: true, deadline: future }, future],
    [null, { deadline: future }, future],
    [null, { has_deadline: false }, null],
    [old, {}, old],
    [old, { has_deadline: true }, old],
    [old, { deadline: future }, future],
    [old, { deadline: old }, old],
    [old, { deadline: null }, null],
    [old, { deadline: '' }, null],
    [old, { has_deadline: false }, null],
    [old, { has_deadline: false, deadline: future }, null],
    [old, { has_deadline: true, deadline: null }, 'refused'],
    [old, { has_deadline: true, deadline: '' }, 'refused'],
  ])('%s changed by %j: %s', async (before, fields, expected) => {
    const other = await withDeadline(before);
    const { status, body } = await change(other, fields);
    if (expected === 'refused') expect({ status, body }).toEqual({ status: 400, body: REFUSED });
    const after = expected === 'refused' ? before : expected;
    expect(await show(other)).toMatchObject({ deadline: after, has_deadline: after !== null });
  });
});

describe('the time that is left', () => {
  test.each([
    [0, 90, false],
    [1, 89, false],
    [1_000, 89, false],
    [88_999, 1, false],
    [89_000, 1, false],
    [89_001, 0, false],
    [89_999, 0, false],
    [90_000, 0, true],
    [90_001, 0, true],
    [10 * 365 * 86_400_000, 0, true],
  ])('after %d ms of 90 s, %d s are left', async (milliseconds, seconds, expired) => {
    const other = await withDeadline('2030-06-15T12:01:30Z');
    wait(milliseconds);
    const left = { seconds_remaining: seconds, is_expired: expired, has_deadline: true };
    expect(await show(other)).toMatchObject(left);
    const { body } = await api.get('/campaigns/').expect(200);
    expect(body.find(({ id }: TestCampaign) => id === other.id)).toMatchObject(left);
  });

  test('the end of time is counted too', async () => {
    const other = await withDeadline('9999-12-31');
    const seconds = (Date.parse('9999-12-31T23:59:59Z') - NOW.getTime()) / 1000;
    expect(await show(other)).toMatchObject({ seconds_remaining: seconds });
  });

  test('expiry alone neither closes a campaign nor refuses gifts', async () => {
    const other = await withDeadline('2030-06-15T12:30:00Z');
    wait(86_400_000);
    await donate(api, other);
    expect(await show(other)).toMatchObject({
      is_open: true,
      is_expired: true,
      seconds_remaining: 0,
      total_raised: 25,
    });
    const { body } = await api.get('/campaigns/').expect(200);
    expect(body.map(({ id }: TestCampaign) => id)).toContain(other.id);
  });
});

test('moments are the same where the database counts in another time zone', async () => {
  inTokyo.clock.now = NOW;
  expect(await inTokyo.database.sql('SHOW timezone')).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
  const deadline = '2030-07-01T18:00:00.000Z';
  const { campaign } = await openJar(inTokyo, { deadline });
  const { body } = await inTokyo.get(`/campaigns/${campaign.id}/`).expect(200);
  expect(body).toMatchObject({ deadline, date_created: NOW.toISOString() });
  const stored = await inTokyo.database.sql(
    'SELECT deadline, date_created FROM campaigns WHERE id = $1',
    [campaign.id],
  );
  expect(stored).toEqual([{ deadline: new Date(deadline), date_created: NOW }]);
});

/** Sets the time zone that connections to a database begin with. */
async function moveToTokyo(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const name = client.escapeIdentifier(new URL(url).pathname.slice(1));
  await client.query(`ALTER DATABASE ${name} SET timezone TO 'Asia/Tokyo'`);
  await client.end();
  return url;
}
