import { beforeAll, describe, expect, test } from 'vitest';
import { PAGE_TEXT } from '../src/core/page.js';
import { useApi } from './support/api.js';
import { addChild, registerParent, type TestChild, type TestParent } from './support/factories.js';

const api = useApi();

/** Thirteen of these fill a page. */
const LONG = '🎻'.repeat(10_000);
const PAGE = Math.ceil(PAGE_TEXT / (Buffer.byteLength(LONG) + 8));

let parent: TestParent;
let children: TestChild[];

beforeAll(async () => {
  parent = await registerParent(api);
  children = [await addChild(api, parent), await addChild(api, parent)];
  for (const [n, count] of [30, 110].entries()) {
    await api.database.sql(
      `INSERT INTO campaigns (child_id, title, description, goal, category, deadline)
       SELECT $1, 'Harp 🎻', CASE WHEN n % 3 = 0 THEN $2 ELSE 'Short' END, 100 + n, 'hobbies',
              CASE n % 4 WHEN 0 THEN now() + n * interval '1 day' WHEN 1 THEN now() - n * interval '1 day' END
         FROM generate_series(1, $3::int) n`,
      [children[n]!.id, LONG, count],
    );
  }
  // As the job does it: long texts are left to it.
  await api.database.sql('SELECT write_search_text(campaign_id) FROM campaigns_to_index');
});

interface Item {
  id: number;
  description: string;
}

interface Answer {
  body: { id: number; description: string }[];
  headers: Record<string, string>;
}

/** All pages of a list, by its links. */
async function pagesOf(first: string, token?: string): Promise<Item[][]> {
  const pages: Item[][] = [];
  let path: string | undefined = first;
  while (path !== undefined) {
    const { body, headers }: Answer = await api.get(path, token).expect(200);
    pages.push(body);
    path = /<http:\/\/[^/]+(.*)>; rel="next"/.exec(headers['link'] ?? '')?.[1];
  }
  return pages;
}

const textOf = (items: Item[]) =>
  items.reduce((sum, { description }) => sum + Buffer.byteLength(description), 0);

describe('a page ends early once it holds 512 kB of text, and the next one goes on exactly there', () => {
  const lists: [string, string, boolean][] = [
    ...['newest', 'most_funded', 'closest_to_goal', 'ending_soon'].flatMap(
      (sort): [string, string, boolean][] => [
        [`browse ${sort}`, `/campaigns/?sort=${sort}`, false],
        [`search ${sort}`, `/campaigns/?sort=${sort}&q=harp`, false],
      ],
    ),
    ["a child's campaigns", '', true],
  ];

  test.each(lists)('%s', async (_name, path, isOwn) => {
    const own = `/children/${children[1]!.id}/campaigns/`;
    const pages = await pagesOf(isOwn ? own : path, isOwn ? parent.access : undefined);
    const ids = pages.flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(isOwn ? 110 : 140);
    for (const page of pages.slice(0, -1)) {
      // With the last of them, and not before it.
      if (page.length < 100) expect(textOf(page)).toBeGreaterThan(PAGE_TEXT - 2_000);
      expect(textOf(page.slice(0, -1))).toBeLessThan(PAGE_TEXT);
    }
    const alike = await pagesOf(
      `${isOwn ? own : path}${path.includes('?') ? '&' : '?'}page_size=5`,
      isOwn ? parent.access : undefined,
    );
    expect(alike.flat().map(({ id }) => id)).toEqual(ids);
  });
});

describe('lists inside other answers', () => {
  const family = async (path: string) => (await api.get(path, parent.access).expect(200)).body;

  test('hold the newest campaigns that come to 512 kB together on the dashboard', async () => {
    const { children: shown } = await family('/parents/me/');
    const [younger, elder] = shown as { campaigns: Item[] }[];
    const all = [...younger!.campaigns, ...elder!.campaigns];
    expect(all.filter(({ description }) => description === LONG)).toHaveLength(PAGE);
    const newest = (await pagesOf('/campaigns/?page_size=100')).flat();
    const ids = newest.slice(0, all.length).map(({ id }) => id);
    expect(all.map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  test('of one child, as far as they come to 512 kB', async () => {
    const { campaigns } = await family(`/children/${children[0]!.id}/`);
    expect(campaigns).toHaveLength(30);
    const { campaigns: cut } = await family(`/children/${children[1]!.id}/`);
    expect(textOf(cut.slice(0, -1))).toBeLessThan(PAGE_TEXT);
    expect(textOf(cut)).toBeGreaterThan(PAGE_TEXT - 2_000);
  });

  test('hold 100 at most', async () => {
    const { body: child } = await api
      .post('/parents/me/children/', { name: 'Kim', date_of_birth: '2020-01-01' }, parent.access)
      .expect(201);
    await api.database.sql(
      `INSERT INTO campaigns (child_id, title, description, goal, category)
       SELECT $1, 'Boots', 'Short', 100, 'sports' FROM generate_series(1, 120)`,
      [child.id],
    );
    const { campaigns } = await family(`/children/${child.id}/`);
    expect(campaigns).toHaveLength(100);
    const all = (await pagesOf(`/children/${child.id}/campaigns/`, parent.access)).flat();
    expect(campaigns.map(({ id }: Item) => id)).toEqual(all.slice(0, 100).map(({ id }) => id));
  });

  test('a page of children ends early too', async () => {
    const pages = await pagesOf('/parents/me/children/', parent.access);
    expect(pages.length).toBeGreaterThan(1);
    const ids = pages.flat().map(({ id }) => id);
    const shown = (await family('/parents/me/')).children.map(({ id }: Item) => id);
    expect(ids).toEqual(shown);
  });
});
