import type supertest from 'supertest';
import { expect, test } from 'vitest';
import { useApi, type Api } from './support/api.js';
import { addChild, openCampaign, openJar, registerParent } from './support/factories.js';

const FORGED = {
  'X-Forwarded-For': '203.0.113.9',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Port': '8443',
  'X-Request-Id': 'forged',
  Forwarded: 'for=203.0.113.9;proto=https;host=evil.example',
  'X-HTTP-Method-Override': 'DELETE',
  'X-Original-URL': '/health/live',
};

const direct = useApi();
const published = useApi({ publicUrl: 'https://api.dreamjar.example/v1' });
const proxied = useApi({ trustProxy: 1 });

/** A page of one campaign where there are two. */
async function firstPage(
  api: Api,
  headers: Record<string, string> = {},
): Promise<supertest.Response> {
  const parent = await registerParent(api);
  const child = await addChild(api, parent);
  await openCampaign(api, parent, child);
  await openCampaign(api, parent, child);
  return api.get('/campaigns?category=hobbies&page_size=1&q=').set(headers).expect(200);
}

function nextOf({ headers }: supertest.Response): URL {
  const [, address] = /^<([^>]+)>; rel="next"$/.exec(headers['link'] ?? '') ?? [];
  return new URL(address!);
}

test('every answer carries what protects a browser, and tells nothing of what runs here', async () => {
  const { parent, campaign } = await openJar(direct);
  const answers = [
    await direct.get('/campaigns/'),
    await direct.get(`/campaigns/${campaign.id}/`, parent.access),
    await direct.get('/nothing'),
    await direct.get('/parents/me/'),
    await direct.post('/parents/'),
    await direct.get('/docs'),
    await direct.get('/docs/start.js'),
    await direct.get('/openapi.json'),
  ];
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringMatching(/^max-age=\d{7,}/) as string,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringContaining("default-src '") as string,
      'x-request-id': expect.stringMatching(/^[\da-f-]{36}$/) as string,
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
    expect(headers).not.toHaveProperty('set-cookie');
  }
});

test('no answer of the API is kept by a cache, and the files of the docs page are', async () => {
  const { parent, child, campaign } = await openJar(direct);
  for (const path of [
    '/campaigns/',
    `/campaigns/${campaign.id}/`,
    '/parents/me/',
    `/children/${child.id}/`,
    '/donations/',
    '/health/ready',
    '/nothing',
  ]) {
    const { headers } = await direct.get(path, parent.access);
    expect(headers['cache-control'], path).toBe('no-store');
  }
  const { headers } = await direct.get('/docs/start.js').expect(200);
  expect(headers['cache-control']).toMatch(/^public, max-age=\d+$/);
});

test('each request has an id of its own, and the log line the same', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => direct.get('/campaigns/').set(FORGED)));
  const ids = answers.map(({ headers }) => String(headers['x-request-id']));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).not.toContain('forged');
  for (const id of ids) {
    const lines = direct.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter((line) => line['id'] === id)).toMatchObject([
      { msg: 'request', method: 'GET', route: '/campaigns/', status: 200 },
    ]);
  }
});

test('the next page is at the host that was asked, and leads on', async () => {
  const page = await firstPage(direct, { Host: 'desk.example:3000' });
  const next = nextOf(page);
  expect(next.origin).toBe('http://desk.example:3000');
  expect(next.pathname).toBe('/campaigns');
  expect(next.searchParams.get('category')).toBe('hobbies');
  expect(next.searchParams.get('page_size')).toBe('1');
  const { body } = await direct.get(`${next.pathname}${next.search}`).expect(200);
  expect(body).toHaveLength(1);
  expect(body[0].id).toBeLessThan(page.body[0].id);
});

test('a forged header changes neither the address of the next page nor the method nor the path', async () => {
  const next = nextOf(await firstPage(direct, { Host: 'desk.example', ...FORGED }));
  expect(next.origin).toBe('http://desk.example');
});

test('with a public address, that is where the next page is', async () => {
  const next = nextOf(await firstPage(published, { Host: 'inner.example', ...FORGED }));
  expect(next.href).toMatch(/^https:\/\/api\.dreamjar\.example\/v1\/campaigns\?/);
});

test('behind a trusted proxy the scheme is the one the world uses', async () => {
  const next = nextOf(await firstPage(proxied, { Host: 'desk.example', ...FORGED }));
  expect(next.origin).toBe('https://desk.example');
});

test('the last page has no next', async () => {
  const { headers } = await direct.get('/campaigns/').expect(200);
  expect(headers).not.toHaveProperty('link');
});

test('a forged host is refused, so that it writes no second link', async () => {
  const forged = 'evil.example>; rel="next", <http://e';
  await direct.get('/campaigns?page_size=1').set('Host', forged).expect(400);
});

test('unknown parameters do not grow the link', async () => {
  const path = `/campaigns?page_size=1&${'a=1&'.repeat(500)}category=hobbies`;
  const { headers } = await direct.get(path).expect(200);
  expect(headers.link).toMatch(/\?page_size=1&category=hobbies&cursor=[\w-]+>/);
});

test.each(['javascript', 'https>; rel="x", <http', 'ftp', ''])(
  'a proxy that passes on %j as X-Forwarded-Proto makes no address of it',
  async (proto) => {
    const headers = { 'X-Forwarded-Proto': proto, Accept: 'application/json' };
    const { body } = await proxied.get('/').set(headers).expect(200);
    expect(body.docs).toMatch(/^(http:\/\/127\.0\.0\.1:\d+)?\/docs$/);
    const page = await firstPage(proxied, { 'X-Forwarded-Proto': proto });
    expect(page.headers['link']).toMatch(
      /^<(http:\/\/127\.0\.0\.1:\d+)?\/campaigns\?[\w=&%-]+>; rel="next"$/,
    );
  },
);
