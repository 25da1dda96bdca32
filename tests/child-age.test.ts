import { afterEach, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { registerParent, type TestParent } from './support/factories.js';

const api = useApi();

const CHILDREN = '/parents/me/children/';
const JAR = { title: 'A kite', description: 'Red.', goal: 20, category: 'dreams' };

/** Sets the API's clock, on which all of these rules stand, and signs a new parent in. */
async function on(moment: string): Promise<TestParent> {
  api.clock.now = new Date(moment);
  return registerParent(api);
}

/** Moves the clock; the parent signs in again, for tokens don't live that long. */
async function later(moment: string, parent: TestParent): Promise<string> {
  api.clock.now = new Date(moment);
  return (await api.post('/api/token/', parent).expect(200)).body.access;
}

afterEach(() => {
  api.clock.now = null;
});

const add = (access: string, date_of_birth: unknown) =>
  api.post(CHILDREN, { name: 'Mia Sommer', date_of_birth }, access);

describe('a date of birth', () => {
  test.each([
    ['2020-01-01', 6],
    ['2024-02-29', 2],
    ['2026-02-28', 0],
    ['2026-03-01', 0],
    ['2025-03-02', 0],
    ['2025-03-01', 1],
    ['2010-03-02', 15],
  ])('may be %s on 1 March 2026: the child is %i', async (born, age) => {
    const { access } = await on('2026-03-01T12:00:00.000Z');
    const { body } = await add(access, born).expect(201);
    expect(body).toMatchObject({ date_of_birth: born, age });
    const shown = await api.get(`/children/${body.id}/`, access).expect(200);
    expect(shown.body).toMatchObject({ date_of_birth: born, age });
    const sameAgain = await api.put(`/children/${body.id}/`, { date_of_birth: born }, access);
    expect(sameAgain.body).toEqual(body);
    const [row] = await api.database.sql(
      'SELECT date_of_birth::text AS born FROM children WHERE id = $1',
      [body.id],
    );
    expect(row).toEqual({ born });
  });

  test.each([
    ...[
      '2023-02-30',
      '2023-02-29',
      '2100-02-29',
      '1900-02-29',
      '2020-13-01',
      '2020-00-10',
      '2020-01-00',
      '2020-04-31',
    ],
    ...[
      '2020-1-1',
      '20200101',
      '2020/01/01',
      '01-01-2020',
      '1.1.2020',
      '2020-01',
      '2020',
      '20-01-01',
      '2020-W01-1',
    ],
    ...[
      '2020-01-01T00:00:00Z',
      '2020-01-01T00:00:00.000Z',
      '2020-01-01 00:00',
      '2020-01-01Z',
      '2020-01-01\n',
    ],
    ...[
      '+002020-01-01',
      '-2020-01-01',
      '12020-01-01',
      '0000-00-00',
      '0000-01-01',
      '0001-01-01',
      '1926-03-01',
    ],
    ...['२०२०-०१-०१', 'yesterday', 'infinity', 'epoch', '', ' ', 'null'],
    ...['2026-03-02', '2027-01-01', '9999-12-31', '2010-03-01', '2010-02-28', '2009-12-31'],
    ...[
      null,
      undefined,
      0,
      1577836800000,
      20200101,
      true,
      [],
      ['2020-01-01'],
      {},
      { lt: '2020-01-01' },
    ],
  ])('may not be %j on 1 March 2026', async (born) => {
    const { access } = await on('2026-03-01T12:00:00.000Z');
    const { body } = await add(access, born).expect(400);
    expect(body).toEqual({ date_of_birth: [expect.any(String)] });
    const { body: child } = await add(access, '2020-01-01').expect(201);
    if (born === undefined) return;
    const refused = await api
      .put(`/children/${child.id}/`, { date_of_birth: born }, access)
      .expect(400);
    expect(refused.body).toEqual(body);
    expect((await api.get(CHILDREN, access)).body).toEqual([child]);
  });
});

describe('the sixteenth birthday', () => {
  test.each([
    ['2010-03-15', '2026-03-14T23:59:59.999Z', 201],
    ['2010-03-15', '2026-03-15T00:00:00.000Z', 400],
    ['2010-01-01', '2025-12-31T23:59:59.999Z', 201],
    ['2010-01-01', '2026-01-01T00:00:00.000Z', 400],
    ['2009-12-31', '2025-12-30T23:59:59.999Z', 201],
    ['2009-12-31', '2025-12-31T00:00:00.000Z', 400],
    // Born on 29 February: in leap years on that day, in others on 1 March.
    ['2008-02-29', '2024-02-28T23:59:59.999Z', 201],
    ['2008-02-29', '2024-02-29T00:00:00.000Z', 400],
    ['2084-02-29', '2100-02-28T23:59:59.999Z', 201],
    ['2084-02-29', '2100-03-01T00:00:00.000Z', 400],
    // Born on the days around it, with the birthday in a leap year.
    ['2008-03-01', '2024-02-29T23:59:59.999Z', 201],
    ['2008-03-01', '2024-03-01T00:00:00.000Z', 400],
    ['2012-02-28', '2028-02-27T23:59:59.999Z', 201],
    ['2012-02-28', '2028-02-28T00:00:00.000Z', 400],
  ])('of who was born on %s, at %s: %i', async (born, moment, status) => {
    const { access } = await on(moment);
    const { body } = await add(access, born).expect(status);
    expect(body).toMatchObject(
      status === 201 ? { age: 15 } : { date_of_birth: [expect.any(String)] },
    );
  });
});

test.each([
  ['2026-03-01T23:59:59.999Z', '2026-03-01', 201],
  ['2026-03-01T23:59:59.999Z', '2026-03-02', 400],
  ['2026-03-02T00:00:00.000Z', '2026-03-02', 201],
  ['2026-03-02T00:00:00.000Z', '2026-03-03', 400],
])('the future begins with the next UTC day: at %s, %s gets %i', async (moment, born, status) => {
  const { access } = await on(moment);
  await add(access, born).expect(status);
});

test.each([
  ['2020-02-29', '2026-02-28T23:59:59.999Z', 5],
  ['2020-02-29', '2026-03-01T00:00:00.000Z', 6],
  ['2020-02-29', '2028-02-28T23:59:59.999Z', 7],
  ['2020-02-29', '2028-02-29T00:00:00.000Z', 8],
  ['2020-07-15', '2026-07-14T23:59:59.999Z', 5],
  ['2020-07-15', '2026-07-15T00:00:00.000Z', 6],
  ['2020-12-31', '2026-12-31T00:00:00.000Z', 6],
])('who was born on %s is, at %s, %i, wherever the age is shown', async (born, moment, age) => {
  const parent = await on('2021-06-01T12:00:00.000Z');
  const { id } = (await add(parent.access, born).expect(201)).body;
  const access = await later(moment, parent);
  expect((await api.get(`/children/${id}/`, access)).body.age).toBe(age);
  expect((await api.get(CHILDREN, access)).body[0].age).toBe(age);
  expect((await api.get('/parents/me/', access)).body.children[0].age).toBe(age);
});

describe('a child who has turned 16', () => {
  const BORN = '2010-03-15';

  /** A child of 15 with an open campaign, who then turns 16. */
  async function grownUp() {
    const parent = await on('2026-03-14T12:00:00.000Z');
    const child = (await add(parent.access, BORN).expect(201)).body;
    const path = `/children/${child.id}/`;
    const jar = (await api.post(`${path}campaigns/`, JAR, parent.access).expect(201)).body;
    return { path, jar, access: await later('2026-03-15T00:00:00.000Z', parent) };
  }

  test('keeps its profile, with the birth date sent back as it is', async () => {
    const { path, access } = await grownUp();
    const { body } = await api
      .put(path, { name: 'Mia Winter', date_of_birth: BORN }, access)
      .expect(200);
    expect(body).toMatchObject({ name: 'Mia Winter', date_of_birth: BORN, age: 16 });
    await api.patch(path, { gender: 'female' }, access).expect(200);
  });

  test('gets no other birth date but one under 16', async () => {
    const { path, access } = await grownUp();
    for (const date_of_birth of ['2010-03-14', '2009-03-15', '2026-03-16']) {
      const { body } = await api.put(path, { date_of_birth }, access).expect(400);
      expect(Object.keys(body)).toEqual(['date_of_birth']);
    }
    const { body } = await api.put(path, { date_of_birth: '2010-03-16' }, access).expect(200);
    expect(body.age).toBe(15);
    await api.post(`${path}campaigns/`, JAR, access).expect(201);
    await api.put(path, { date_of_birth: BORN }, access).expect(400);
  });

  test('gets no new campaign, and hears of other bad fields too', async () => {
    const { path, access } = await grownUp();
    const { body } = await api.post(`${path}campaigns/`, JAR, access).expect(400);
    expect(body).toEqual({ non_field_errors: [expect.any(String)] });
    const bad = { ...JAR, title: '', deadline: '2026-03-14' };
    const both = await api.post(`${path}campaigns/`, bad, access).expect(400);
    expect(Object.keys(both.body).sort()).toEqual(['deadline', 'non_field_errors', 'title']);
    expect((await api.get(`${path}campaigns/`, access)).body).toHaveLength(1);
  });

  test('keeps the campaigns there are: they change, close and reopen, and take gifts', async () => {
    const { jar, path, access } = await grownUp();
    const campaign = `/campaigns/${jar.id}/`;
    await api.put(campaign, { title: 'A bigger kite' }, access).expect(200);
    await api.put(campaign, { is_open: false }, access).expect(200);
    await api.put(campaign, { is_open: true }, access).expect(200);
    const gift = { amount: 5, donor_name: 'Kate', donor_email: 'kate@example.org' };
    await api.post(`${campaign}donations/`, gift).expect(201);
    await api.delete(path, access).expect(409);
    await api.put(campaign, { is_open: false }, access).expect(200);
    await api.delete(path, access).expect(204);
  });
});
