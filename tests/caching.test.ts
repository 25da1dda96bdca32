import type supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { expectError, send } from './support/bare-http.js';
import { CountingProxy } from './support/counting-proxy.js';
import { addChild, donate, openCampaign, openJar } from './support/factories.js';

const proxy = new CountingProxy();
afterAll(() => proxy.close());

/** Keeps what visitors share. It listens to nobody, so that only its own changes are counted in. */
const api = useApi({ through: (databaseUrl) => proxy.before(databaseUrl) });
beforeAll(() => api.answers.hear(true));
const published = useApi({
  caching: true,
  sheds: true,
  publicUrl: 'https://api.dreamjar.example/v1',
});

/** The paths of what visitors share, of a campaign with a gift. */
async function sharedPaths(): Promise<string[]> {
  const { campaign } = await openJar(api);
  await donate(api, campaign);
  const sorts = ['newest', 'most_funded', 'closest_to_goal', 'ending_soon'];
  return [
    `/campaigns/${campaign.id}/`,
    `/campaigns/${campaign.id}/donations/`,
    ...sorts.map((sort) => `/campaigns/?sort=${sort}`),
  ];
}

const etagOf = ({ headers }: supertest.Response) => headers['etag']!;

describe('visitors who ask the same', () => {
  const crowd = (size: number, path: string) =>
    Promise.all(Array.from({ length: size }, async () => (await fetch(api.address + path)).text()));

  test('cost one statement, and none later', async () => {
    for (const path of await sharedPaths()) {
      const answers: string[] = [];
      const arrive = async () => answers.push(...(await crowd(50, path)));
      expect(await proxy.during(arrive), path).toBe(1);
      expect(new Set(answers).size, path).toBe(1);
      expect(await proxy.during(() => crowd(1, path)), path).toBe(0);
    }
  });

  test('cost one statement also when they are a thousand', async () => {
    const { campaign } = await openJar(api);
    const arrive = () => crowd(1000, `/campaigns/${campaign.id}/`);
    expect(await proxy.during(arrive)).toBe(1);
  });

  test('in other words: what is not asked for, defaults and both spellings of a path', async () => {
    await sharedPaths();
    await api.get('/campaigns/').expect(200);
    const spellings = ['', '/', '/?', '/?sort=newest', '/?page_size=100&category=', '/?utm=x'];
    for (const spelling of spellings) {
      const path = `/campaigns${spelling}`;
      expect(await proxy.during(() => api.get(path).expect(200)), path).toBe(0);
    }
    expect(await proxy.during(() => api.get('/campaigns/?page_size=99'))).toBe(1);
  });

  test('are told alike that there is no such thing, from the database', async () => {
    const ask = () => api.get('/campaigns/2147483647/').expect(404);
    expect(await proxy.during(ask)).toBe(1);
    expect(await proxy.during(ask)).toBe(1);
    expect(await proxy.during(() => api.get('/campaigns/?sort=best').expect(400))).toBe(0);
  });

  test('for words of their own each ask the database', async () => {
    await openJar(api);
    const ask = () => api.get('/campaigns/?q=violin').expect(200);
    // The connection of searches is opened by the first one.
    await ask();
    expect(await proxy.during(ask)).toBe(1);
    expect(await proxy.during(ask)).toBe(1);
  });
});

describe('a browser that has the answer', () => {
  test('is told that it still holds, in each way of asking', async () => {
    for (const path of await sharedPaths()) {
      const first = await api.get(path).expect(200);
      const etag = etagOf(first);
      expect(etag).toMatch(/^"[\w-]{16}"$/);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await api.get(path).set('If-None-Match', known).expect(304);
        expect(again.text).toBe('');
        expect(again.headers['content-type']).toBeUndefined();
        expect(again.headers['content-length']).toBeUndefined();
        for (const name of ['etag', 'cache-control', 'vary', 'link']) {
          expect(again.headers[name], name).toBe(first.headers[name]);
        }
      }
      await api.get(path).set('If-None-Match', '"other"').expect(200);
      const reload = { 'If-None-Match': etag, 'Cache-Control': 'no-cache' };
      await api.get(path).set(reload).expect(200);
    }
  });

  test('gets the new answer with another tag after a gift', async () => {
    const { campaign } = await openJar(api);
    const path = `/campaigns/${campaign.id}/`;
    const etag = etagOf(await api.get(path).expect(200));
    await donate(api, campaign, { amount: 7 });
    const { headers, body } = await api.get(path).set('If-None-Match', etag).expect(200);
    expect(headers['etag']).not.toBe(etag);
    expect(body.total_raised).toBe(7);
  });

  test('asks by HEAD for the same without a body', async () => {
    for (const path of await sharedPaths()) {
      const get = await send(api, 'GET', path);
      const head = await send(api, 'HEAD', path);
      const same = ({ headers }: typeof get) => ({
        ...headers,
        'x-request-id': undefined,
        date: undefined,
      });
      expect(head.status).toBe(200);
      expect(head.text).toBe('');
      expect(same(head)).toEqual(same(get));
      expect(Number(head.headers['content-length'])).toBe(Buffer.byteLength(get.text));
      const etag = get.headers['etag']!;
      expect((await send(api, 'HEAD', path, { 'If-None-Match': etag })).status).toBe(304);
    }
  });
});

describe('what caches on the way are told', () => {
  test('visitors share it, and each time it is asked whether it still holds', async () => {
    for (const path of await sharedPaths()) {
      const { headers } = await api.get(path).expect(200);
      expect(headers['cache-control']).toBe('public, no-cache');
      expect(headers['vary']).toMatch(/\bAuthorization\b/);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
    }
  });

  test('what a parent sees, and what is refused, is kept by nobody', async () => {
    const { parent, campaign } = await openJar(api);
    const path = `/campaigns/${campaign.id}/`;
    await api.get(path).expect(200);
    const etag = etagOf(await api.get(path).expect(200));
    const own = await api.get(path, parent.access).set('If-None-Match', etag).expect(200);
    expect(own.body).toHaveProperty('donations');
    expect(own.headers['cache-control']).toBe('no-store');
    expect(own.headers['etag']).toBeUndefined();
    expect((await api.get(path).expect(200)).body).not.toHaveProperty('donations');

    expectError(
      await send(api, 'GET', path, { Authorization: 'Bearer x' }),
      401,
      'token_not_valid',
    );
    expectError(await send(api, 'GET', '/campaigns/0/'), 404, 'not_found');
    expectError(await send(api, 'GET', '/campaigns/?page_size=0'), 400);
    const given = await api.post(`${path}donations/`, {}).expect(400);
    expect(given.headers['cache-control']).toBe('no-store');
  });
});

describe('the next page', () => {
  test('lies where each visitor asked, whoever asked first', async () => {
    const { parent, child } = await openJar(api);
    await openCampaign(api, parent, child);
    const path = '/campaigns/?page_size=1&utm=x';
    const link = async (host: string) => (await send(api, 'GET', path, { host })).headers.link;
    const next = /^<(.*)\?page_size=1&cursor=([\w-]+)>; rel="next"$/;
    const [, one, cursor] = next.exec(String(await link('one.example')))!;
    const [, two, same] = next.exec(String(await link('two.example:8080')))!;
    expect([one, two]).toEqual([
      'http://one.example/campaigns/',
      'http://two.example:8080/campaigns/',
    ]);
    expect(same).toBe(cursor);
    expect(await link('e!vil')).toMatch(/^<\/campaigns\/\?page_size=1&cursor=/);
    expect((await send(api, 'GET', '/campaigns?page_size=1')).headers.link).toContain(
      '/campaigns?page_size=1&',
    );
    const { body } = await api.get(`/campaigns/?page_size=1&cursor=${cursor!}`).expect(200);
    expect(body).toHaveLength(1);
  });

  test('lies at the published address, if there is one', async () => {
    const { parent, child } = await openJar(published);
    await openCampaign(published, parent, await addChild(published, parent));
    await openCampaign(published, parent, child);
    for (const host of ['one.example', 'two.example']) {
      const { headers } = await send(published, 'GET', '/campaigns/?page_size=1', { host });
      expect(headers.link).toMatch(
        /^<https:\/\/api\.dreamjar\.example\/v1\/campaigns\/\?page_size=/,
      );
    }
  });
});
