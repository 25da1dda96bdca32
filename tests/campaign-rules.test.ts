import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  addChild,
  openCampaign,
  registerParent,
  yearsAgo,
  type TestChild,
  type TestParent,
} from './support/factories.js';

const api = useApi();
let parent: TestParent;
let child: TestChild;

beforeAll(async () => {
  parent = await registerParent(api);
  child = await addChild(api, parent);
});

const valid = { title: 'A trip', description: 'To the sea', goal: 50, category: 'dreams' };

const create = (fields: object) =>
  api.post(`/children/${child.id}/campaigns/`, { ...valid, ...fields }, parent.access);

/** Creates with a body exactly as it is written. */
async function createRaw(json: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${api.address}/children/${child.id}/campaigns/`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${parent.access}`, 'Content-Type': 'application/json' },
    body: json,
  });
  return { status: answer.status, body: await answer.json() };
}

/** The same fields are refused on creation and on change, and the change leaves no trace. */
async function expectRefused(fields: object): Promise<void> {
  const created = await create(fields);
  expect(created.body).toEqual(errorsOn(fields));
  expect(created.status).toBe(400);
  const before = await openCampaign(api, parent, child);
  const changed = await api.put(`/campaigns/${before.id}/`, fields, parent.access).expect(400);
  expect(changed.body).toEqual(errorsOn(fields));
  const after = await api.get(`/campaigns/${before.id}/`, parent.access);
  expect(after.body).toMatchObject(before);
}

function errorsOn(fields: object) {
  const messages = [expect.any(String)];
  return Object.fromEntries(Object.keys(fields).map((field) => [field, messages]));
}

describe('goal', () => {
  const withGoal = (written: string) =>
    createRaw(JSON.stringify(valid).replace('"goal":50', `"goal":${written}`));

  test.each([
    [1, 1],
    [100_000, 100_000],
    ['1', 1],
    ['000400', 400],
    ['100000', 100_000],
  ])('%j is taken as %d', async (goal, stored) => {
    const { body } = await create({ goal }).expect(201);
    expect(body.goal).toBe(stored);
  });

  const numbers =
    '1.5|1e2|1E2|5.0|-0|-5|0|100001|2147483648|9007199254740993|1e400|1' + '0'.repeat(20);
  const strings = '"1.5"|"+5"|"-5"|"5 "|" 5"|""|"0"|"000000"|"0000400"|"100001"|"1e2"|"0x10"|"٤٠"';
  const others = 'true|false|null|[]|[5]|{}|{"set":5}';
  test.each([numbers, strings, others].join('|').split('|'))('%s is refused', async (written) => {
    expect(await withGoal(written)).toEqual({ status: 400, body: errorsOn({ goal: 0 }) });
  });

  test.each('+5|05|.5|5.|0x10|NaN|Infinity'.split('|'))('%s is not JSON', async (written) => {
    const body = { detail: expect.any(String), code: 'malformed' };
    expect(await withGoal(written)).toEqual({ status: 400, body });
  });

  test.each([1.5, '1.5', '', true, null, 0, 100_001])('nor can it become %j', (goal) =>
    expectRefused({ goal }),
  );
});

describe('the other fields', () => {
  test.each([
    [
      'title',
      [
        '',
        '   ',
        'x'.repeat(201),
        '😀'.repeat(201),
        'a\u0000b',
        'a\nb',
        'a\tb',
        'a\u007fb',
        5,
        null,
        {},
        ['a'],
      ],
    ],
    [
      'description',
      ['', ' \n ', 'x'.repeat(10_001), 'a\u0000b', 'a\rb', 'a\u001bb', 5, null, { not: '' }],
    ],
    ['category', ['', 'Sports', 'food', 'sports ', 5, null, ['sports'], { in: ['sports'] }]],
    [
      'image',
      [
        'no url',
        'ftp://a.example/x.png',
        'https://user:secret@a.example/x.png',
        'https://user@a.example/x.png',
        'javascript:alert(1)',
        'data:image/png;base64,AA',
        '//a.example/x',
        'http://',
        'https://a b.example/',
        `https://a.example/${'x'.repeat(2048)}`,
        5,
        {},
      ],
    ],
    ['is_open', ['true', 'false', 1, 0, [], {}, null]],
    ['has_deadline', ['true', 1, {}, null]],
    ['deadline', ['soon', 5, {}, true, ['2099-01-01']]],
  ] as [string, unknown[]][])('%s: bad values are refused', async (field, values) => {
    for (const value of values) await expectRefused({ [field]: value });
  });

  test('a lone surrogate is refused, not changed', async () => {
    const json = JSON.stringify(valid).replace('A trip', 'A \\ud83d trip');
    expect(await createRaw(json)).toEqual({ status: 400, body: errorsOn({ title: 0 }) });
  });

  test.each([
    ['title', 'x'.repeat(200), 'x'.repeat(200)],
    ['title', '😀'.repeat(200), '😀'.repeat(200)],
    ['title', '  e\u0301te\u0301 ', 'été'],
    ['title', '<b>Tom & "Jerry"</b>', '<b>Tom & "Jerry"</b>'],
    ['title', "'; DROP TABLE campaigns; --", "'; DROP TABLE campaigns; --"],
    ['description', 'x'.repeat(10_000), 'x'.repeat(10_000)],
    ['description', '  a\n\tb  ', 'a\n\tb'],
    ['category', 'health', 'health'],
    ['image', 'https://images.example/a.png?x=1#y', 'https://images.example/a.png?x=1#y'],
    ['image', 'HTTP://images.example', 'HTTP://images.example'],
    ['image', '', null],
    ['image', null, null],
    ['is_open', false, false],
  ])('%s: %j is stored as %j', async (field, value, stored) => {
    const created = await create({ [field]: value }).expect(201);
    expect(created.body[field]).toEqual(stored);
    const other = await openCampaign(api, parent, child, {
      image: 'https://images.example/old.png',
    });
    const changed = await api.patch(`/campaigns/${other.id}/`, { [field]: value }, parent.access);
    expect(changed.body[field]).toEqual(stored);
  });

  test('what is required', async () => {
    const body = errorsOn({ title: 0, description: 0, goal: 0, category: 0 });
    expect(await createRaw('{}')).toEqual({ status: 400, body });
  });

  test('all bad fields are told at once, what the rules refuse among them', async () => {
    const bad = {
      title: '',
      description: 5,
      goal: 1.5,
      category: 'x',
      image: 'x',
      is_open: 'true',
      deadline: '2001-01-01',
    };
    await expectRefused(bad);
    const unmet = await create({ goal: 0, has_deadline: true }).expect(400);
    expect(unmet.body).toEqual(errorsOn({ goal: 0, deadline: 0 }));
  });

  test.each(['[]', '"text"', '5', 'null', 'true'])('a body of %s is no object', async (json) => {
    const body = errorsOn({ non_field_errors: 0 });
    expect(await createRaw(json)).toEqual({ status: 400, body });
  });
});

describe('changes', () => {
  test.each(['put', 'patch'] as const)('%s keeps every field that is absent', async (method) => {
    const before = await openCampaign(api, parent, child, {
      image: 'https://images.example/a.png',
      deadline: '2099-05-05T10:00:00Z',
    });
    const path = `/campaigns/${before.id}/`;
    const unchanged = await api[method](path, {}, parent.access).expect(200);
    expect(unchanged.body).toEqual({ ...before, seconds_remaining: expect.any(Number) });
    for (const change of [
      { title: 'New' },
      { description: 'New' },
      { goal: 77 },
      { category: 'sports' },
      { image: null },
    ]) {
      Object.assign(before, change);
      const { body } = await api[method](path, change, parent.access).expect(200);
      expect(body).toEqual({ ...before, seconds_remaining: expect.any(Number) });
    }
  });

  test('the whole form can be sent back as it came', async () => {
    const before = await openCampaign(api, parent, child, { deadline: '2099-05-05' });
    const { body } = await api.put(`/campaigns/${before.id}/`, before, parent.access).expect(200);
    expect(body).toEqual({ ...before, seconds_remaining: expect.any(Number) });
  });

  test('fields that no client may set are ignored, on creation and on change', async () => {
    const other = await addChild(api, parent, { name: 'Other' });
    const forged = {
      id: 1_000_000,
      child: other.id,
      child_id: other.id,
      childId: other.id,
      child_name: 'Eve',
      total_raised: 5,
      totalRaised: 5,
      donation_count: 5,
      percentage_raised: 50,
      is_expired: true,
      seconds_remaining: 5,
      date_created: '2001-01-01T00:00:00.000Z',
      donations: [{ amount: 5 }],
      parent: 1,
      unknown: { deep: [1] },
      ['__proto__']: { is_open: false },
    };
    const { body: created } = await create(forged).expect(201);
    expect(created).toMatchObject({
      child: child.id,
      child_name: 'Mia',
      total_raised: 0,
      donation_count: 0,
      percentage_raised: 0,
      is_expired: false,
      seconds_remaining: null,
      is_open: true,
    });
    expect(created.id).toBeLessThan(1_000_000);
    expect(created.date_created > '2020').toBe(true);
    const { body: changed } = await api
      .put(`/campaigns/${created.id}/`, forged, parent.access)
      .expect(200);
    expect(changed).toEqual(created);
  });
});

describe('age', () => {
  afterEach(() => {
    api.clock.now = null;
  });

  const birthday = (days: number) => {
    const date = new Date(`${yearsAgo(16)}T00:00:00Z`);
    return new Date(date.getTime() + days * 86_400_000).toISOString().slice(0, 10);
  };

  test('no new campaign for a child who has turned 16; the old ones can still be changed', async () => {
    const kid = await addChild(api, parent, { date_of_birth: birthday(3) });
    const jar = await openCampaign(api, parent, kid);
    api.clock.now = new Date(Date.now() + 3 * 86_400_000);
    // A fresh sign-in, for the clock has passed the first token's end.
    const { body: tokens } = await api
      .post('/api/token/', { email: parent.email, password: parent.password })
      .expect(200);
    const late = { ...parent, access: tokens.access };
    const path = `/children/${kid.id}/campaigns/`;
    const refused = await api.post(path, valid, late.access).expect(400);
    expect(refused.body).toEqual(errorsOn({ non_field_errors: 0 }));
    const both = await api.post(path, { ...valid, goal: 0 }, late.access).expect(400);
    expect(both.body).toEqual(errorsOn({ goal: 0, non_field_errors: 0 }));
    await api
      .put(`/campaigns/${jar.id}/`, { title: 'Still here', is_open: false }, late.access)
      .expect(200);
    await api.put(`/campaigns/${jar.id}/`, { is_open: true }, late.access).expect(200);
  });
});
