import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  addChild,
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
  type TestChild,
  type TestParent,
} from './support/factories.js';

const SIZES = [1, 2, 3, 100];
const SORTS = ['newest', 'most_funded', 'closest_to_goal', 'ending_soon'] as const;
const NEXT = /^<(http:\/\/127\.0\.0\.1:\d+)(\/\S*)>; rel="next"$/;

const api = useApi();
let parent: TestParent;
let child: TestChild;
let jar: TestCampaign;
let clock: Date;

beforeAll(async () => {
  ({ parent, child, campaign: jar } = await openJar(api));
  clock = new Date();
  api.clock.now = clock;
});

interface Item {
  id: number;
}

/** One page, and the path of the next. */
async function page(path: string, token?: string): Promise<{ ids: number[]; next: string | null }> {
  const { body, headers } = await api.get(path, token).expect(200);
  const ids = body.map(({ id }: Item) => id);
  if (headers['link'] === undefined) return { ids, next: null };
  const [, origin, next] = NEXT.exec(headers['link'])!;
  expect(origin).toBe(api.address);
  return { ids, next: next! };
}

/** Every page from `path` on; `between` runs after each. */
async function walk(
  path: string,
  token?: string,
  between?: () => Promise<unknown>,
): Promise<number[][]> {
  const pages: number[][] = [];
  for (let next: string | null = path; next !== null;) {
    const here = await page(next, token);
    pages.push(here.ids);
    next = here.next;
    await between?.();
  }
  return pages;
}

/** Campaigns as no call can make them: with sums and deadlines of our choice. */
async function plant(
  kinds: { goal: number; total: number; deadline: string | null }[],
): Promise<void> {
  await api.database.sql(
    `WITH planted AS (
       INSERT INTO campaigns (child_id, title, description, goal, category, deadline)
       SELECT $1, 'Planted', 'By the test', k.goal, 'sports', k.deadline
         FROM jsonb_to_recordset($2) k(n int, goal int, total int, deadline timestamptz) ORDER BY k.n
       RETURNING id)
     INSERT INTO donations (campaign_id, amount, donor_name, donor_email)
     SELECT p.id, k.total, 'G', 'g@example.org'
       FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM planted) p
       JOIN jsonb_to_recordset($2) k(n int, total int) USING (n) WHERE k.total > 0`,
    [child.id, JSON.stringify(kinds.map((kind, index) => ({ n: index + 1, ...kind })))],
  );
}

async function uproot(): Promise<void> {
  await api.database.sql(
    `DELETE FROM donations d USING campaigns c WHERE c.id = d.campaign_id AND c.title = 'Planted'`,
  );
  await api.database.sql(`DELETE FROM campaigns WHERE title = 'Planted'`);
}

const gift = (donorId: number | null) =>
  api.database.sql(
    `INSERT INTO donations (campaign_id, amount, donor_id, donor_name, donor_email)
     VALUES ($1, 5, $2, 'G', CASE WHEN $2::int IS NULL THEN 'g@example.org' END)`,
    [jar.id, donorId],
  );

describe('every list', () => {
  const lists: [string, () => string, boolean, () => Promise<unknown>][] = [
    ['campaigns', () => '/campaigns/?', false, () => openCampaign(api, parent, child)],
    [
      'campaigns found',
      () => '/campaigns/?q=violin%20mia&category=hobbies&',
      false,
      () => openCampaign(api, parent, child),
    ],
    [
      "a child's campaigns",
      () => `/children/${child.id}/campaigns/?`,
      true,
      () => openCampaign(api, parent, child),
    ],
    [
      "a parent's children",
      () => `/parents/${parent.id}/children/?`,
      true,
      () => addChild(api, parent),
    ],
    ['my children', () => '/parents/me/children/?', true, () => addChild(api, parent)],
    ['gifts of a campaign', () => `/campaigns/${jar.id}/donations/?`, false, () => gift(null)],
    ['gifts, for the owner', () => `/campaigns/${jar.id}/donations/?`, true, () => gift(null)],
    ['what I gave', () => '/donations/?', true, () => gift(parent.id)],
  ];

  test.each(lists)(
    '%s: newest first, nothing skipped and nothing twice',
    async (_name, path, signed, add) => {
      const token = signed ? parent.access : undefined;
      for (let count = 0; count < 7; count += 1) await add();
      const [whole, ...rest] = await walk(path(), token);
      expect(rest).toEqual([]);
      expect(whole).toEqual([...whole!].sort((a, b) => b - a));
      expect(whole!.length).toBeGreaterThanOrEqual(7);
      for (const size of SIZES) {
        const pages = await walk(`${path()}page_size=${size}`, token);
        expect(pages.flat()).toEqual(whole);
        expect(pages).toHaveLength(Math.ceil(whole!.length / size));
      }
      const exact = await walk(`${path()}page_size=${whole!.length}`, token);
      expect(exact).toEqual([whole]);
    },
  );

  test.each(lists)(
    '%s: what is added meanwhile moves nothing',
    async (_name, path, signed, add) => {
      const token = signed ? parent.access : undefined;
      const before = (await walk(path(), token)).flat();
      const pages = await walk(`${path()}page_size=3`, token, add);
      expect(pages.flat()).toEqual(before);
    },
  );

  test.each(lists)(
    '%s: a bad page_size or cursor gets 400 on that field',
    async (_name, path, signed) => {
      const token = signed ? parent.access : undefined;
      const bad = [
        ...['0', '101', '-1', 'x', '1.5', '%2B1'].map((value) => ['page_size', value]),
        ...['x', 'e30', 'bnVsbA', forged(0), forged(2 ** 31), forged('1'), forged(1.5)].map(
          (value) => ['cursor', value],
        ),
      ] as [string, string][];
      for (const [field, value] of bad) {
        const { body } = await api.get(`${path()}${field}=${value}`, token).expect(400);
        expect(body).toEqual({ [field]: [expect.any(String)] });
        await api.get(`${path()}${field}=${value}&${field}=${value}`, token).expect(400);
      }
    },
  );

  const forged = (id: unknown) =>
    Buffer.from(JSON.stringify({ sort: 'newest', id })).toString('base64url');

  test('an empty list is one page without a next', async () => {
    const { access } = await registerParent(api);
    for (const path of ['/donations/', '/parents/me/children/', '/campaigns/?q=nothing-like-it']) {
      expect(await page(path, access)).toEqual({ ids: [], next: null });
    }
  });
});

describe('the link', () => {
  test('is absolute, keeps the other parameters that mean something, and browsers may read it', async () => {
    const path = '/campaigns?q=violin+mia&unknown=a%26b&category=hobbies&page_size=1&sort=newest';
    await openCampaign(api, parent, child);
    await openCampaign(api, parent, child);
    const { headers } = await api.get(path).set('Origin', 'http://localhost:5173').expect(200);
    expect(headers['access-control-expose-headers']).toContain('Link');
    const url = new URL(
      NEXT.exec(headers['link'] as string)!
        .slice(1)
        .join(''),
    );
    const { cursor, ...others } = Object.fromEntries(url.searchParams);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(others).toEqual({
      q: 'violin mia',
      category: 'hobbies',
      page_size: '1',
      sort: 'newest',
    });
    const second = await page(url.pathname + url.search);
    expect(second.ids).toHaveLength(1);
    expect(
      new URL(second.next ?? url.href, api.address).searchParams.getAll('cursor'),
    ).toHaveLength(1);
  });
});

describe('the computed orders', () => {
  const HOUR = 3_600_000;
  const at = (hours: number) => new Date(clock.getTime() + hours * HOUR).toISOString();
  const kind = fc.record({
    goal: fc.constantFrom(1, 2, 3, 10, 99_999, 100_000),
    total: fc.oneof(
      fc.constantFrom(0, 1, 2, 3, 5, 99_998, 99_999, 100_000),
      fc.integer({ min: 0, max: 100_000 }),
    ),
    hours: fc.option(fc.integer({ min: -2, max: 2 })),
  });

  interface Campaign {
    id: number;
    goal: number;
    total_raised: number;
    deadline: string | null;
  }

  /** The orders as a person would say them, in whole numbers. */
  const compare: Record<(typeof SORTS)[number], (a: Campaign, b: Campaign) => number> = {
    newest: (a, b) => b.id - a.id,
    most_funded: (a, b) => b.total_raised - a.total_raised || b.id - a.id,
    closest_to_goal: (a, b) =>
      Number(a.total_raised >= a.goal) - Number(b.total_raised >= b.goal) ||
      b.total_raised * a.goal - a.total_raised * b.goal ||
      b.id - a.id,
    ending_soon: (a, b) => {
      const [left, right] = [a, b].map(
        ({ deadline }) => Date.parse(deadline ?? '') - clock.getTime(),
      );
      const rank = (time: number) => (Number.isNaN(time) ? 2 : time > 0 ? 0 : 1);
      if (rank(left!) !== rank(right!)) return rank(left!) - rank(right!);
      if (rank(left!) === 0) return left! - right! || a.id - b.id;
      if (rank(left!) === 1) return right! - left! || b.id - a.id;
      return b.id - a.id;
    },
  };

  test.each(SORTS)(
    '%s: any page size gives the order of an exact sort, ties included',
    async (sort) => {
      const kinds = fc.array(kind, { minLength: 1, maxLength: 14 });
      await fc.assert(
        fc.asyncProperty(kinds, fc.integer({ min: 1, max: 5 }), async (campaigns, size) => {
          await plant(
            campaigns.map(({ hours, ...rest }) => ({
              ...rest,
              deadline: hours === null ? null : at(hours),
            })),
          );
          const { body } = await api.get('/campaigns/?category=sports').expect(200);
          const expected = [...(body as Campaign[])].sort(compare[sort]).map(({ id }) => id);
          const [whole] = await walk(`/campaigns/?category=sports&sort=${sort}`);
          const pages = await walk(`/campaigns/?category=sports&sort=${sort}&page_size=${size}`);
          await uproot();
          expect(expected).toHaveLength(campaigns.length);
          expect(whole).toEqual(expected);
          expect(pages.flat()).toEqual(expected);
        }),
        { numRuns: 25, endOnFailure: true },
      );
    },
  );

  test.each(SORTS)('%s: so do pages of all lengths that a statement reads', async (sort) => {
    const hours = [...Array<number>(20).fill(1), ...Array<number>(41).fill(-1)];
    const totals = [0, 50, 99, 100, 300];
    await plant(
      Array.from({ length: 125 }, (_, n) => {
        const deadline = hours[n] === undefined ? null : at(hours[n]);
        return { goal: 100, total: totals[n % totals.length]!, deadline };
      }),
    );
    const path = `/campaigns/?category=sports&sort=${sort}&page_size=`;
    const first = await api.get(`${path}100`).expect(200);
    const [, , next] = NEXT.exec(String(first.headers['link']))!;
    const rest = await api.get(next!).expect(200);
    const planted = [...(first.body as Campaign[]), ...(rest.body as Campaign[])];
    expect(planted).toHaveLength(125);
    const expected = planted.sort(compare[sort]).map(({ id }) => id);
    for (const size of [19, 20, 21, 49, 50, 51, 61, 99, 100]) {
      const pages = await walk(path + String(size));
      expect(pages.flat(), String(size)).toEqual(expected);
      expect(pages, String(size)).toHaveLength(Math.ceil(125 / size));
    }
    await uproot();
  });

  test.each(SORTS)(
    '%s: rows that keep their rank are seen once while others are added',
    async (sort) => {
      const some = [-2, -1, 1, 2, null].flatMap((hours) =>
        [0, 1, 99, 100, 250].map((total) => ({
          goal: 100,
          total,
          deadline: hours === null ? null : at(hours),
        })),
      );
      await plant(some);
      const path = `/campaigns/?category=sports&sort=${sort}`;
      const before = (await walk(path)).flat();
      const seen = (
        await walk(`${path}&page_size=4`, undefined, () => plant(some.slice(0, 9).reverse()))
      ).flat();
      await uproot();
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => before.includes(id))).toEqual(before);
    },
  );

  test('ending_soon: what passes while one pages is neither skipped nor shown twice', async () => {
    await plant(
      [1, 2, 3, 4, -1, -2].map((hours) => ({ goal: 100, total: 0, deadline: at(hours) })),
    );
    const path = '/campaigns/?category=sports&sort=ending_soon';
    const before = (await walk(path)).flat();
    const seen = await walk(`${path}&page_size=1`, undefined, () => {
      api.clock.now = new Date((api.clock.now ?? clock).getTime() + HOUR);
      return Promise.resolve();
    });
    api.clock.now = clock;
    await uproot();
    expect(seen.flat()).toEqual(before);
  });
});
