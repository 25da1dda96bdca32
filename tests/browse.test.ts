import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  addChild,
  openCampaign,
  registerParent,
  type TestChild,
  type TestParent,
} from './support/factories.js';

const SORTS = ['newest', 'most_funded', 'closest_to_goal', 'ending_soon'];

const api = useApi();
let parent: TestParent;
let child: TestChild;

beforeAll(async () => {
  parent = await registerParent(api);
  child = await addChild(api, parent, { name: 'Frida Verborgen' });
});

const open = (fields: object, of = child) => openCampaign(api, parent, of, fields);

async function browse(query: Record<string, string> = {}): Promise<string[]> {
  const { body } = await api
    .get(`/campaigns/?${new URLSearchParams(query).toString()}`)
    .expect(200);
  return body.map(({ title }: { title: string }) => title);
}

describe('search', () => {
  beforeAll(async () => {
    await open({ title: 'ΝΙΚΟΣ sails', description: 'An Optimist of his own' });
    await open({ title: 'Éclair für die Straße', description: 'A baker’s dream; 100% butter' });
    await open({ title: 'Cafe\u0301 piano', description: 'first_line\nsecond line' });
    await open({ title: 'C:\\dreams', description: 'It’s a "quoted" thing, O\'Neil said' });
    await open({ title: '100 butters', description: 'firstXline' });
    await open({ title: 'ÅNGSTRÖM', description: 'ПРИВЕТ Ωmega 漢字かな 🎻' });
    const many = Array.from({ length: 60 }, (_, i) => `w${i}`).join(' ');
    await open({ title: 'Many', description: many });
    await open({ title: 'Closed butter', is_open: false });
  });

  const PASTRY = 'Éclair für die Straße';
  const PIANO = 'Café piano';
  test.each([
    ['éclair', [PASTRY]],
    ['ÉCLAIR', [PASTRY]],
    ['e\u0301clair', [PASTRY]],
    ['E\u0301CLAIR', [PASTRY]],
    ['straße', [PASTRY]],
    ['νικος', ['ΝΙΚΟΣ sails']],
    ['STRAẞE', [PASTRY]],
    ['traß', [PASTRY]],
    ['FÜR', [PASTRY]],
    ['fu\u0308r', [PASTRY]],
    ['café', [PIANO]],
    ['CAFE\u0301', [PIANO]],
    ['butter éclair', [PASTRY]],
    ['  butter \u00a0 dream  ', [PASTRY]],
    ['éclair piano', []],
    ['butter', ['100 butters', PASTRY]],
    ['100%', [PASTRY]],
    ['%', [PASTRY]],
    ['100%butter', []],
    ['_', [PIANO]],
    ['first_line', [PIANO]],
    ['line', ['100 butters', PIANO]],
    ['line second', [PIANO]],
    ['\\', ['C:\\dreams']],
    ['c:\\DREAMS', ['C:\\dreams']],
    ['\\\\', []],
    ['"quoted"', ['C:\\dreams']],
    ["o'neil", ['C:\\dreams']],
    ["' OR '1'='1", []],
    ["'; DROP TABLE campaigns; --", []],
    ['ångström', ['ÅNGSTRÖM']],
    ['ångstro\u0308m', ['ÅNGSTRÖM']],
    ['привет ωMEGA', ['ÅNGSTRÖM']],
    ['字か', ['ÅNGSTRÖM']],
    ['🎻', ['ÅNGSTRÖM']],
    ['w59 w1 w30 w7 w22 w48 w11 w2', ['Many']],
    ['w59 '.repeat(49) + 'x', []],
    ['pianofirst', []],
    ['$1', []],
    ['*', []],
    ['.', []],
  ])('%j finds %j', async (q, found) => {
    expect(await browse({ q })).toEqual(found);
  });

  test('the first name is looked at, the rest of the name never', async () => {
    const all = await browse();
    expect(await browse({ q: 'fRIDa' })).toEqual(all);
    expect(await browse({ q: 'frida butter' })).toHaveLength(2);
    for (const q of ['Verborgen', 'verborg', 'Frida Verborgen', 'frida geheim']) {
      expect(await browse({ q })).toEqual([]);
    }
  });

  test('a renamed child is found by the new first name only, a changed campaign by its new text only', async () => {
    const kid = await addChild(api, parent, { name: 'Berta\u2003Geheim' });
    const before = await open({ title: 'Harp' }, kid);
    expect(await browse({ q: 'berta' })).toEqual(['Harp']);
    await api.put(`/children/${kid.id}/`, { name: 'Clara\u00a0Geheim' }, parent.access).expect(200);
    expect(await browse({ q: 'berta' })).toEqual([]);
    expect(await browse({ q: 'geheim' })).toEqual([]);
    expect(await browse({ q: 'clara' })).toEqual(['Harp']);
    await api
      .put(`/campaigns/${before.id}/`, { title: 'Lyre', description: 'Strings' }, parent.access)
      .expect(200);
    expect(await browse({ q: 'harp' })).toEqual([]);
    expect(await browse({ q: 'lyre clara strings' })).toEqual(['Lyre']);
    await api.delete(`/campaigns/${before.id}/`, parent.access).expect(204);
    expect(await browse({ q: 'lyre' })).toEqual([]);
  });

  test('200 characters are a query, 201 are not', async () => {
    expect(await browse({ q: '😀'.repeat(200) })).toEqual([]);
    const { body } = await api
      .get(`/campaigns/?q=${encodeURIComponent('😀'.repeat(201))}`)
      .expect(400);
    expect(body).toEqual({ q: [expect.any(String)] });
  });
});

describe('orders', () => {
  const ids = new Map<string, number>();
  const ordered = (sort: string) => browse({ sort, category: 'health' });
  const titles = (text: string) => text.split(' | ');

  async function give(id: number, amount: number): Promise<void> {
    const text = `INSERT INTO donations (campaign_id, amount, donor_name, donor_email)
                  VALUES ($1, $2, 'G', 'g@example.org')`;
    await api.database.sql(text, [id, amount]);
  }

  /** No call opens a campaign whose deadline has passed: time does that. */
  async function setDeadline(id: number, deadline: string): Promise<void> {
    await api.database.sql('UPDATE campaigns SET deadline = $2 WHERE id = $1', [id, deadline]);
  }

  beforeAll(async () => {
    const jars = `empty 0/1000 | empty too 0/10 | half 500/1000 2090-01-01 | half too 1/2 2080-01-01
      | half three 50000/100000 2080-01-01 | 99.9 999/1000 | 99.9 too 99900/100000
      | 99.9 and a bit 99901/100000 | shows 100 99999/100000 | third 1/3 | third of six 2/6
      | less than a third 33332/99999 | funded 1000/1000 2021-01-01 | over 250/100 | far over 300/1
      | old 0/9 2020-01-01 | recent 0/9 2024-01-01 | recent too 0/9 2024-01-01`;
    for (const [, title, total, goal, deadline] of jars.matchAll(
      /([^\n|]+?) (\d+)\/(\d+) ?([\d-]+)?/g,
    )) {
      const { id } = await open({ title, goal, category: 'health' });
      ids.set(title!.trim(), id);
      if (total !== '0') await give(id, Number(total));
      if (deadline) await setDeadline(id, deadline);
    }
    await open({ title: 'closed', category: 'health', is_open: false });
    expect(ids.size).toBe(18);
  });

  test('newest', async () => {
    const expected = [...ids].sort(([, a], [, b]) => b - a).map(([title]) => title);
    expect(await ordered('newest')).toEqual(expected);
    expect(await browse({ category: 'health' })).toEqual(expected);
  });

  test('most_funded: the largest sum first, the newest of equals', async () => {
    const largest =
      'shows 100 | 99.9 and a bit | 99.9 too | half three | less than a third | funded';
    const middle = '99.9 | half | far over | over | third of six | half too | third';
    const none = 'recent too | recent | old | empty too | empty';
    const expected = titles(`${largest} | ${middle} | ${none}`);
    // Of the two that got 1, the younger comes first.
    [expected[11], expected[12]] = ['third', 'half too'];
    expect(await ordered('most_funded')).toEqual(expected);
  });

  test('closest_to_goal: the highest share under 100 first, exactly; then the funded', async () => {
    const nearly = 'shows 100 | 99.9 and a bit | 99.9 too | 99.9';
    const partly = 'half three | half too | half | third of six | third | less than a third';
    const none = 'recent too | recent | old | empty too | empty';
    const funded = 'far over | over | funded';
    expect(await ordered('closest_to_goal')).toEqual(
      titles(`${nearly} | ${partly} | ${none} | ${funded}`),
    );
    const { body } = await api.get(`/campaigns/${ids.get('shows 100')!}/`);
    expect(body.percentage_raised).toBe(100);
  });

  test('ending_soon: the nearest to come, then the passed, then those without', async () => {
    const found = await ordered('ending_soon');
    const none = 'far over | over | less than a third | third of six | third | shows 100';
    expect(found.slice(0, 3).sort()).toEqual(['half', 'half three', 'half too']);
    expect(found[2]).toBe('half');
    expect(found.slice(3, 7)).toEqual(['recent too', 'recent', 'funded', 'old']);
    expect(found.slice(7)).toEqual(
      titles(`${none} | 99.9 and a bit | 99.9 too | 99.9 | empty too | empty`),
    );
  });

  afterEach(() => {
    api.clock.now = null;
  });

  test('a deadline passes, and the order follows', async () => {
    api.clock.now = new Date('2085-01-01T00:00:00Z');
    expect((await ordered('ending_soon'))[0]).toBe('half');
  });

  test.each(SORTS)('%s: a search keeps the order', async (sort) => {
    const all = await ordered(sort);
    for (const q of ['half', 'too', 'o', 'frida']) {
      const wanted = q === 'frida' ? all : all.filter((title) => title.includes(q));
      const found = await browse({ sort, q, category: 'health' });
      // Every description has an o in it.
      expect(found).toEqual(q === 'o' ? all : wanted);
      expect(await browse({ sort, q, category: 'dreams' })).toEqual([]);
    }
  });
});

test.each(['sports', 'education', 'hobbies', 'health', 'dreams'])(
  'the category %s',
  async (category) => {
    await open({ title: `Of ${category}`, category });
    const { body } = await api.get(`/campaigns/?category=${category}`).expect(200);
    expect(body[0].title).toBe(`Of ${category}`);
    for (const one of body) expect(one.category).toBe(category);
  },
);

describe('bad queries', () => {
  const expectBad = async (query: string, field: string) => {
    const { status, body } = await api.get(`/campaigns/?${query}`);
    expect({ query, status, body }).toEqual({
      query,
      status: 400,
      body: { [field]: [expect.any(String)] },
    });
  };

  test.each([
    ['category', ['x', 'Sports', 'sports%20', '%00', "'", 'sports,dreams']],
    ['sort', ['x', 'Newest', 'id', '-newest', 'newest%00', 'newest;drop']],
    [
      'page_size',
      ['0', '-1', '101', '1000', '1.5', '1e1', 'x', '%2B5', '5%20', '0x10', '99999999999999999999'],
    ],
    ['q', ['%00', 'a%00b', 'a%0Ab', '%7F', 'a%1Bb']],
  ] as [string, string[]][])('%s', async (field, values) => {
    for (const value of values) await expectBad(`${field}=${value}`, field);
    await expectBad(`${field}=a&${field}=b`, field);
    await expectBad(`${field}=sports&${field}=sports`, field);
  });

  test('several at once are all told', async () => {
    const { body } = await api
      .get('/campaigns/?category=x&sort=x&page_size=x&q=%00&cursor=x')
      .expect(400);
    expect(Object.keys(body).sort()).toEqual(['category', 'cursor', 'page_size', 'q', 'sort']);
  });

  test('an empty value is none, and unknown parameters are ignored', async () => {
    const all = await browse();
    expect(await browse({ category: '', sort: '', page_size: '', cursor: '', q: '' })).toEqual(all);
    expect(await browse({ q: '  ' })).toEqual(all);
    expect(await browse({ is_open: 'false', order: 'x', 'sort[x]': 'x' })).toEqual(all);
  });

  test.each([
    ['q=%', 'q'],
    ['q=%FF', 'q'],
    ['q=%C3%28', 'q'],
    ['q=%ED%A0%80', 'q'],
    ['q=%E0%80%AF', 'q'],
    ['sort=newest&cursor=%FF', 'cursor'],
    ['page_size=%FF', 'page_size'],
    ['x=%', 'non_field_errors'],
  ])('%s is no UTF-8', (query, field) => expectBad(query, field));

  const forged = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url');
  const page = (sort: string, place: object) => `sort=${sort}&cursor=${forged({ sort, ...place })}`;
  const numbers = [-1, 1.5, 2 ** 53, 1e300, '1', null, [1], {}, { gt: 0 }, '1; DROP', true];
  const bad = {
    id: [0, 2 ** 31, ...numbers],
    total: numbers,
    goal: [0, 100_001, 2 ** 31, ...numbers],
  };
  const times = [
    '2030-02-30T00:00:00.000Z',
    '2030-01-01',
    "'",
    'infinity',
    5,
    {},
    '',
    [],
    '12030-01-01T00:00:00.000Z',
  ];
  const now = '2030-01-01T00:00:00.000Z';
  const good: Record<string, object> = {
    newest: { id: 1 },
    most_funded: { id: 1, total: 1 },
    closest_to_goal: { id: 1, total: 1, goal: 1 },
    ending_soon: { id: 1, at: now, deadline: now },
  };

  test.each(SORTS)('a forged cursor of %s is refused as such', async (sort) => {
    await api.get(`/campaigns/?${page(sort, good[sort]!)}`).expect(200);
    for (const field of Object.keys(good[sort]!)) {
      await expectBad(page(sort, { ...good[sort], [field]: undefined }), 'cursor');
      const values = field in bad ? bad[field as 'id'] : times;
      for (const value of values)
        await expectBad(page(sort, { ...good[sort], [field]: value }), 'cursor');
    }
    const others = SORTS.filter((other) => other !== sort);
    for (const other of others)
      await expectBad(`sort=${sort}&cursor=${forged({ sort: other, ...good[other] })}`, 'cursor');
  });

  test.each([
    ['most_funded', { id: 2 ** 31 - 1, total: 2 ** 53 - 1 }],
    ['closest_to_goal', { id: 1, total: 2 ** 53 - 1, goal: 100_000 }],
    ['ending_soon', { id: 1, at: '0000-01-01T00:00:00.000Z', deadline: null }],
    [
      'ending_soon',
      { id: 1, at: '0000-01-01T00:00:00.000Z', deadline: '0000-01-01T00:00:00.000Z' },
    ],
    ['ending_soon', { id: 1, at: now, deadline: '0000-01-01T00:00:00.000Z' }],
    ['ending_soon', { id: 1, at: now, deadline: '9999-12-31T23:59:59.999Z' }],
  ])('an odd place in %s is a place: %j', async (sort, place) => {
    await api.get(`/campaigns/?${page(sort, place)}`).expect(200);
  });

  const places = [{}, [], null, 5, 'newest', [good['newest']], { sort: ['newest'], id: 1 }].map(
    forged,
  );
  const junk = [
    'x',
    '%00',
    '!!!',
    'bnVsbA',
    "'%20OR%201=1",
    '2',
    'e30',
    forged(5).repeat(200),
    '😀',
    '__proto__',
  ];
  test.each([...places, ...junk])('the cursor %s is no cursor', (cursor) =>
    expectBad(`cursor=${cursor}`, 'cursor'),
  );
});
