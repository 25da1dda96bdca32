import supertest from 'supertest';
import { expect, test } from 'vitest';
import { EXPOSED } from '../src/http/guards/cors.js';
import { useApi } from './support/api.js';
import { useDocument } from './support/document.js';
import { addChild, openCampaign, openJar, registerParent } from './support/factories.js';

const APP = 'https://dreamjar.example';
const DESK = 'http://localhost:5173';
const api = useApi({ corsOrigins: [APP, DESK] });
const served = useDocument(api);

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
  expect(headers['access-control-expose-headers']).toBeUndefined();
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
    expect(items(headers['access-control-expose-headers']), name).toContain('x-request-id');
  }
});

/** Headers that a script may read without being told so, or that are none of its business. */
const SAFELISTED = ['cache-control', 'content-language', 'content-length', 'content-type'];

test('every header that the document names may be read where it comes', () => {
  const exposed = EXPOSED.map((name) => name.toLowerCase());
  for (const [name, { responses }] of served.operations) {
    for (const [status, { headers = {} }] of Object.entries(responses)) {
      for (const header of Object.keys(headers).map((key) => key.toLowerCase())) {
        if (!SAFELISTED.includes(header)) expect(exposed, `${name} ${status}`).toContain(header);
      }
    }
  }
  expect(exposed).toEqual(expect.arrayContaining(['allow', 'content-disposition']));
});

test('each response names the headers that it has', async () => {
  const parent = await registerParent(api);
  const child = await addChild(api, parent);
  const campaign = await openCampaign(api, parent, child);
  await openCampaign(api, parent, child);
  const key = { 'Idempotency-Key': 'twice', Origin: APP };
  const gift = { amount: 5, donor_name: 'Kate', donor_email: 'kate@example.org' };
  const give = () => api.post(`/campaigns/${campaign.id}/donations/`, gift).set(key).expect(201);
  await give();
  const asked = (path: string, token?: string) => api.get(path, token).set('Origin', APP);
  const answers = {
    link: await asked('/campaigns/?page_size=1').expect(200),
    etag: await asked('/campaigns/').expect(200),
    'content-disposition': await asked(`/campaigns/${campaign.id}/donations.csv`, parent.access),
    'idempotent-replayed': await give(),
    'www-authenticate': await asked('/parents/me/').expect(401),
    'retry-after': await asked('/auth/google/login/').expect(503),
    allow: await api.delete('/campaigns/').set('Origin', APP).expect(405),
    'accept-encoding': await api
      .post('/parents/')
      .set({ Origin: APP, 'Content-Encoding': 'gzip' })
      .expect(415),
  };
  for (const [header, { headers }] of Object.entries(answers)) {
    expect(headers).toHaveProperty(header);
    expect(items(headers['access-control-expose-headers'])).toEqual(
      expect.arrayContaining([header, 'x-request-id']),
    );
  }
  const { headers } = await asked('/campaigns/').set(
    'If-None-Match',
    answers.etag.headers['etag'] as string,
  );
  expect(items(headers['access-control-expose-headers'])).toContain('etag');
});

test.each([
  'sentry-trace,baggage',
  'traceparent,tracestate',
  'X-Requested-With, Content-Type',
  'accept,accept-language,cache-control,content-language,if-modified-since,pragma',
  'x-datadog-trace-id,b3,ngrok-skip-browser-warning',
])('the app may send %s', async (asked) => {
  const { headers } = await preflight('/campaigns/', APP, 'POST').set(
    'Access-Control-Request-Headers',
    asked,
  );
  expect(items(headers['access-control-allow-headers'])).toEqual(
    expect.arrayContaining(items(asked)),
  );
  expect(items(headers['vary'])).toContain('access-control-request-headers');
});

test.each(['x y', 'a: b', 'x,,y', `a${',b'.repeat(2_000)}`])(
  'a list of headers that is none is not repeated: %.20s',
  async (asked) => {
    const { headers } = await preflight('/campaigns/', APP, 'POST').set(
      'Access-Control-Request-Headers',
      asked,
    );
    const allowed = String(headers['access-control-allow-headers']);
    expect(allowed).toMatch(/^[\w-]+(,[\w-]+)+$/);
    expect(allowed.length).toBeLessThan(400);
  },
);

test('a refused origin leaves one line in the log, with nothing else of the request', async () => {
  const lines = () =>
    api.logged
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === 'origin refused');
  const before = lines().length;
  await preflight('/donations/7/receipt/?token=secret', 'https://evil.example', 'GET');
  await api.get('/campaigns/').set('Origin', APP).expect(200);
  await api.get('/campaigns/').set('Origin', new URL(api.address).origin).expect(200);
  const [line, ...more] = lines().slice(before);
  expect(more).toEqual([]);
  expect(line).toMatchObject({ level: 20, origin: 'https://evil.example' });
  expect(Object.keys(line!).sort()).toEqual(['id', 'level', 'msg', 'origin', 'pid', 'time'].sort());
});

const DESCRIBED: Record<string, string> = {
  '/campaigns/': 'GET, HEAD, OPTIONS',
  '/campaigns/1/': 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS',
  '/api/token': 'POST, OPTIONS',
  '/docs': 'GET, HEAD, OPTIONS',
};

test.each(Object.entries(DESCRIBED))('OPTIONS %s tells its methods', async (path, allow) => {
  const { status, headers, text } = await supertest(api.address).options(path).set('Origin', APP);
  expect([status, text, headers['allow']]).toEqual([204, '', allow]);
  expect(headers['access-control-allow-origin']).toBe(APP);
});

test('OPTIONS of an unknown path is 404, and a preflight for it passes, so that the app reads the 404', async () => {
  await supertest(api.address).options('/nothing').expect(404);
  const { status, headers } = await preflight('/nothing', APP, 'GET');
  expect([status, headers['access-control-allow-origin']]).toEqual([204, APP]);
});
