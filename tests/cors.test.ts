import supertest from 'supertest';
import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { openJar } from './support/factories.js';

const APP = 'https://dreamjar.example';
const DESK = 'http://localhost:5173';
const api = useApi({ corsOrigins: [APP, DESK] });

const preflight = (path: string, origin: string, method: string) =>
  supertest(api.address)
    .options(path)
    .set('Origin', origin)
    .set('Access-Control-Request-Method', method)
    .set('Access-Control-Request-Headers', 'authorization,content-type');

/** The items of a header, in lower case. */
function items(header: string | undefined): string[] {
  return (header ?? '').split(',').map((item) => item.trim().toLowerCase());
}

test.each([APP, DESK])('%s may read answers, with no credentials', async (origin) => {
  const { headers } = await api.get('/campaigns/').set('Origin', origin).expect(200);
  expect(headers['access-control-allow-origin']).toBe(origin);
  expect(headers['access-control-allow-credentials']).toBeUndefined();
  expect(items(headers['vary'])).toContain('origin');
});

test.each([
  'https://evil.example',
  'http://dreamjar.example',
  'https://dreamjar.example:8443',
  'https://dreamjar.example.evil.example',
  'https://www.dreamjar.example',
  'https://DREAMJAR.example',
  'https://dreamjar.example/',
  'http://localhost:3000',
  'null',
  '*',
])('%s may not', async (origin) => {
  const plain = await api.get('/campaigns/').set('Origin', origin).expect(200);
  const asked = await preflight('/campaigns/1/donations/', origin, 'POST');
  for (const { headers } of [plain, asked]) {
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    expect(items(headers['vary'])).toContain('origin');
  }
});

test('without an origin nothing is allowed, and caches are still told', async () => {
  const { headers } = await api.get('/campaigns/').expect(200);
  expect(headers['access-control-allow-origin']).toBeUndefined();
  expect(items(headers['vary'])).toContain('origin');
});

test.each([
  ['/campaigns/', 'GET'],
  ['/parents/', 'POST'],
  ['/parents/me/', 'PUT'],
  ['/children/1/', 'PATCH'],
  ['/campaigns/1', 'DELETE'],
  ['/api/token', 'POST'],
])('the app may ask for %s by %s', async (path, method) => {
  const { status, headers, text } = await preflight(path, APP, method);
  expect([status, text]).toEqual([204, '']);
  expect(headers['access-control-allow-origin']).toBe(APP);
  expect(items(headers['access-control-allow-methods'])).toContain(method.toLowerCase());
  expect(items(headers['access-control-allow-headers'])).toEqual(
    expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'if-none-match']),
  );
  expect(headers['access-control-allow-credentials']).toBeUndefined();
  expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
});

test('a preflight needs no token, and looks at nothing', async () => {
  const { campaign } = await openJar(api);
  const existing = await preflight(`/campaigns/${campaign.id}/`, APP, 'PUT');
  const missing = await preflight('/campaigns/999999/', APP, 'PUT');
  expect([existing.status, missing.status]).toEqual([204, 204]);
});

test('errors too may be read by the app, and say what it needs', async () => {
  const answers = {
    'not found': await api.get('/nothing').set('Origin', APP).expect(404),
    'not signed in': await api.get('/parents/me/').set('Origin', APP).expect(401),
    'bad fields': await api.post('/parents/').set('Origin', APP).expect(400),
    'a wrong type': await api
      .post('/parents/')
      .type('text')
      .set('Origin', APP)
      .send('x')
      .expect(415),
    'a wrong method': await api.delete('/campaigns/').set('Origin', APP).expect(405),
  };
  for (const [name, { headers }] of Object.entries(answers)) {
    expect(headers['access-control-allow-origin'], name).toBe(APP);
    expect(items(headers['access-control-expose-headers']), name).toEqual(
      expect.arrayContaining(['link', 'location', 'retry-after', 'x-request-id', 'etag']),
    );
  }
});
