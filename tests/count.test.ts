import { beforeAll, describe, expect, test } from 'vitest';
import { COUNTED } from '../src/features/fundraising/campaigns/campaigns.schemas.js';
import { useApi } from './support/api.js';
import { addChild, registerParent, type TestParent } from './support/factories.js';

const api = useApi({ caching: true });
const narrow = useApi({ on: () => api.database, search: { counted: 5, near: 4, far: 9 } });
const brief = useApi({ on: () => api.database, search: { near: 1, bytes: 100, letters: 1 } });
let parent: TestParent;

beforeAll(async () => {
  parent = await registerParent(api);
  const { id } = await addChild(api, parent);
  await api.database.sql(
    `INSERT INTO campaigns (child_id, title, description, goal, category, is_open, deadline, close_at_deadline)
     SELECT $1, CASE n % 4 WHEN 0 THEN 'Violin ' ELSE 'Drum ' END || n, 'A story', 400,
            CASE n % 2 WHEN 0 THEN 'health' ELSE 'dreams' END, n % 10 <> 0,
            CASE n % 7 WHEN 0 THEN timestamptz '2020-01-01' END, n % 14 = 0
       FROM generate_series(1, 60) n`,
    [id],
  );
});

const totalOf = async (query: string, token?: string) => {
  const { headers, body } = await api.get(`/campaigns/?${query}`, token).expect(200);
  return { total: headers['x-total-count'], shown: body.length as number };
};

describe('?count=true tells how many campaigns the whole list has', () => {
  test.each(['', 'category=health', 'q=violin', 'q=violin+story&category=health', 'q=nothing'])(
    '%s',
    async (query) => {
      const { shown } = await totalOf(query);
      for (const token of [undefined, parent.access]) {
        for (const sort of ['newest', 'most_funded', 'ending_soon']) {
          const paged = `${query}&sort=${sort}&page_size=3&count=true`;
          expect((await totalOf(paged, token)).total).toBe(String(shown));
        }
      }
    },
  );

  test('on the pages after the first too, and to HEAD', async () => {
    const first = await api.get('/campaigns/?count=true&page_size=10').expect(200);
    const next = /<http:\/\/[^/]+(.*)>; rel="next"/.exec(first.headers['link']!)![1]!;
    const second = await api.get(next).expect(200);
    expect(second.headers['x-total-count']).toBe(first.headers['x-total-count']);
    const head = await fetch(`${api.address}/campaigns/?count=true`, { method: 'HEAD' });
    expect(head.headers.get('x-total-count')).toBe(first.headers['x-total-count']);
  });

  test('not unless it is asked for', async () => {
    expect((await totalOf('')).total).toBeUndefined();
    expect((await totalOf('count=false')).total).toBeUndefined();
    const { body } = await api.get('/campaigns/?count=yes').expect(400);
    expect(body).toEqual({ count: ['Must be true or false.'] });
  });

  test('a browser may read it', async () => {
    const { headers } = await api
      .get('/campaigns/?count=true')
      .set('Origin', 'http://localhost:5173')
      .expect(200);
    expect(headers['access-control-expose-headers']).toContain('X-Total-Count');
  });

  test('counting ends somewhere, as the document says', async () => {
    const { headers } = await narrow.get('/campaigns/?count=true&q=story').expect(200);
    expect(headers['x-total-count']).toBe('5');
    const document = await api.get('/openapi.json').expect(200);
    const parameters = document.body.paths['/campaigns/'].get.parameters;
    const count = parameters.find(({ name }: { name: string }) => name === 'count');
    expect(count.schema.description ?? count.description).toContain(COUNTED.toLocaleString('en'));
  });
});

test('counting a search ends with the text that it may look through', async () => {
  const counted = async (q: string) => {
    const { headers } = await brief.get(`/campaigns/?count=true&q=${q}`).expect(200);
    return Number(headers['x-total-count']);
  };
  const few = await counted('violin');
  expect(few).toBeGreaterThan(0);
  expect(few).toBeLessThan(Number((await totalOf('q=violin&count=true')).total));
});

describe('parameters of other APIs are refused with the name to use', () => {
  test.each([
    ['page=2', { page: [expect.stringContaining('cursor')] }],
    ['page=', { page: [expect.stringContaining('page_size')] }],
    ['ordering=newest', { ordering: ['There is no such parameter here: use sort.'] }],
    ['search=violin', { search: ['There is no such parameter here: use q.'] }],
    ['page=2&sort=best', { page: [expect.any(String)], sort: [expect.any(String)] }],
  ])('/campaigns/?%s', async (query, errors) => {
    expect((await api.get(`/campaigns/?${query}`).expect(400)).body).toEqual(errors);
    await api.get(`/campaigns/?${query}`, parent.access).expect(400);
  });

  test.each(['/parents/me/children/', '/donations/', '/donations/claimable/'])(
    '%s',
    async (path) => {
      const { body } = await api.get(`${path}?page=2`, parent.access).expect(400);
      expect(body).toEqual({ page: [expect.stringContaining('cursor')] });
    },
  );

  test('all others are ignored', async () => {
    await api.get('/campaigns/?utm_source=mail&limit=3&Page=2').expect(200);
  });
});
