import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { codePoints } from '../src/core/text.js';
import { useApi, type Api } from './support/api.js';
import { addChild, openJar, registerParent } from './support/factories.js';

const SORTS = ['newest', 'most_funded', 'closest_to_goal', 'ending_soon'] as const;

const api = useApi();
const on = () => api.database;

/** The same campaigns, where each way through a search is taken with few of them. */
const ways: Record<string, Api> = {
  'with the usual bounds': api,
  'where the index gives the candidates': useApi({ on, search: { near: 2, far: 4 } }),
  'where the order is followed': useApi({ on, search: { near: 3, far: 700, candidates: 0 } }),
  'where pages end early': useApi({ on, search: { near: 3, far: 17, candidates: 1 } }),
  'where pages end early by their text': useApi({
    on,
    search: { near: 5, far: 30, candidates: 9, bytes: 90 },
  }),
  'where letters weigh': useApi({
    on,
    search: { near: 3, far: 700, candidates: 0, bytes: 600, letters: 1 },
  }),
};

const hasty = useApi({ on, search: { near: 3, far: 17, candidates: 1, rounds: 2 } });

/** Letters whose case is not simple, letters that need escapes elsewhere, and blanks of several kinds. */
const LETTERS = Array.from('abAB1%_\\\'"$.*(é漢🎻σςΣßẞİiıIЖж  \n\u00a0\u2003\t');

const writing = fc
  .array(fc.constantFrom(...LETTERS), { minLength: 1, maxLength: 14 })
  .map((letters) => letters.join(''));

interface Stored {
  id: number;
  category: string;
  text: string;
}

let stored: Stored[];
const orders = new Map<string, number[]>();

/** 120 open campaigns of random texts, and some that are closed. */
beforeAll(async () => {
  const parent = await registerParent(api);
  const child = await addChild(api, parent, { name: 'Åsa Verborgen' });
  const texts = fc.sample(fc.tuple(writing, writing), { numRuns: 130, seed: 7 });
  const rows = texts.map(([title, description], n) => ({
    ...{ title: `x${title.replace(/\s/gu, ' ')}`, description: `${description}y` },
    category: ['sports', 'health', 'dreams'][n % 3]!,
    goal: 10 + (n % 7),
    is_open: n % 13 !== 0,
    deadline: [null, '2020-01-01', '2099-01-01'][n % 4] ?? null,
  }));
  await api.database.sql(
    `INSERT INTO campaigns (child_id, title, description, category, goal, is_open, deadline)
     SELECT $1, title, description, category, goal, is_open, deadline FROM json_to_recordset($2)
         AS (title text, description text, category text, goal int, is_open bool, deadline timestamptz)`,
    [child.id, JSON.stringify(rows)],
  );
  await api.database.sql(
    `INSERT INTO donations (campaign_id, amount, donor_name, donor_email)
     SELECT id, 1 + id % 5, 'G', 'g@example.org' FROM campaigns WHERE id % 3 = 0`,
  );
  stored = await api.database.sql<Stored>(
    `SELECT id, category, title || E'\\n' || description || E'\\nÅsa' AS text FROM campaigns WHERE is_open`,
  );
  for (const sort of SORTS) orders.set(sort, (await walk(api, { sort })).ids);
});

interface Answer {
  body: { id: number }[];
  headers: Record<string, string>;
}

/** Reads a list to its end by its links. */
async function walk(place: Api, query: Record<string, string>) {
  const ids: number[] = [];
  let pages = 0;
  let path: string | undefined = `/campaigns/?${new URLSearchParams(query).toString()}`;
  while (path !== undefined) {
    const { body, headers }: Answer = await place.get(path).expect(200);
    ids.push(...body.map(({ id }) => id));
    pages += 1;
    path = /<http:\/\/[^/]+(.*)>; rel="next"/.exec(headers['link'] ?? '')?.[1];
  }
  return { ids, pages };
}

/** One case as PostgreSQL's upper() and lower() give it: letter by letter. */
function fold(text: string): string {
  const single = (letter: string, other: string) => (codePoints(other) === 1 ? other : letter);
  return Array.from(text, (letter) => {
    if (letter === 'İ') return 'i';
    const large = single(letter, letter.toUpperCase());
    return single(large, large.toLowerCase());
  }).join('');
}

function expected(q: string, sort: string, category?: string): number[] {
  const wanted = fold(q)
    .split(/\s+/u)
    .filter((word) => word !== '');
  const found = stored.filter(
    (one) =>
      (category === undefined || one.category === category) &&
      wanted.every((word) => fold(one.text).includes(word)),
  );
  const ids = new Set(found.map(({ id }) => id));
  return orders.get(sort)!.filter((id) => ids.has(id));
}

describe.each(Object.keys(ways))('%s', (way) => {
  test('a search finds exactly what a look at every text finds, in order, page by page', async () => {
    const word = fc.array(fc.constantFrom(...LETTERS.filter((letter) => !/\s/u.test(letter))), {
      minLength: 1,
      maxLength: 3,
    });
    const query = fc.array(
      word.map((letters) => letters.join('')),
      { minLength: 1, maxLength: 3 },
    );
    const sort = fc.constantFrom(...SORTS);
    const category = fc.constantFrom(undefined, undefined, 'health');
    const size = fc.constantFrom('1', '7', '100');
    await fc.assert(
      fc.asyncProperty(query, sort, category, size, async (asked, order, only, page_size) => {
        const q = asked.join(' ');
        const { ids } = await walk(ways[way]!, {
          ...{ q, sort: order, page_size },
          ...(only && { category: only }),
        });
        expect(ids).toEqual(expected(q, order, only));
      }),
      { numRuns: 60, seed: 11 },
    );
  });
});

test('each way is taken, as the number of pages shows', async () => {
  const pagesOf = async (way: string, q: string) => (await walk(ways[way]!, { q })).pages;
  expect(await pagesOf('with the usual bounds', 'x')).toBe(2);
  expect(await pagesOf('where the order is followed', 'x')).toBe(2);
  expect(await pagesOf('where the index gives the candidates', 'åsa')).toBe(2);
  expect(await pagesOf('where pages end early', 'åsa')).toBeGreaterThan(2);
  expect(await pagesOf('where pages end early by their text', 'åsa')).toBeGreaterThan(2);
});

test('the more letters are asked for, the less text is looked through at a time', async () => {
  const pagesOf = async (q: string) => (await walk(ways['where letters weigh']!, { q })).pages;
  expect(await pagesOf('åsa x y')).toBeGreaterThan(await pagesOf('åsa'));
});

describe('words', () => {
  const refused = async (q: string) =>
    (await api.get(`/campaigns/?q=${encodeURIComponent(q)}`).expect(400)).body;

  test('eight different ones are taken, nine are refused', async () => {
    await walk(api, { q: 'a b c d e f g h' });
    expect(await refused('a b c d e f g h i')).toEqual({
      q: ['Use at most 8 different words.'],
    });
    expect(
      Object.keys(await refused('th '.repeat(3) + Array.from('abcdefghijk').join(' '))),
    ).toEqual(['q']);
  });

  test('equal ones count once, whatever their case', async () => {
    const { ids } = await walk(api, { q: 'åsa ÅSA Åsa '.repeat(20) });
    expect(ids).toEqual(orders.get('newest'));
  });

  test('they have 200 characters together', async () => {
    const eight = Array.from({ length: 8 }, (_, n) => `${n}`.repeat(25)).join(' ');
    await walk(api, { q: eight });
    expect(await refused(`${eight}x`)).toEqual({
      q: ['Ensure the different words have no more than 200 characters together.'],
    });
  });
});

test('what changes a campaign changes where it is found', async () => {
  const { parent, campaign } = await openJar(api, { title: 'Zeppelin', category: 'sports' });
  const strict = ways['where the index gives the candidates']!;
  const foundIn = async (category: string) =>
    (await walk(strict, { q: 'zeppelin', category })).ids.length;
  const change = (fields: object) =>
    api.patch(`/campaigns/${campaign.id}/`, fields, parent.access).expect(200);
  expect([await foundIn('sports'), await foundIn('health')]).toEqual([1, 0]);
  await change({ category: 'health' });
  expect([await foundIn('sports'), await foundIn('health')]).toEqual([0, 1]);
  await change({ is_open: false });
  expect(await foundIn('health')).toBe(0);
  await change({ is_open: true, title: 'Balloon' });
  expect(await foundIn('health')).toBe(0);
});

describe('a match behind many campaigns that only look like it', () => {
  let id: number;
  beforeAll(async () => {
    const { child, campaign } = await openJar(api, { title: 'wqxyz' });
    id = campaign.id;
    await api.database.sql(
      `INSERT INTO campaigns (child_id, title, description, category, goal)
       SELECT $1, 'wqxy of qxyz', n, 'health', 10 FROM generate_series(1, 100) n`,
      [child.id],
    );
  });

  test('is found by one request, which goes on while it has found nothing', async () => {
    const { body } = await ways['where pages end early']!.get('/campaigns/?q=wqxyz').expect(200);
    expect(body).toMatchObject([{ id }]);
  });

  test('is found behind the links of empty pages where one request may look no further', async () => {
    const { body, headers } = await hasty.get('/campaigns/?q=wqxyz').expect(200);
    expect(body).toEqual([]);
    expect(headers['link']).toContain('cursor=');
    const { ids, pages } = await walk(hasty, { q: 'wqxyz' });
    expect(ids).toEqual([id]);
    expect(pages).toBeLessThan(10);
  });
});
