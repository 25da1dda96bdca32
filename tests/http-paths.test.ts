import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { DEFAULT_WAITS } from '../src/config/waits.js';
import { routes } from '../src/routes.js';
import { useApi } from './support/api.js';
import { expectError, send, sendBytes } from './support/bare-http.js';
import { donate, openJar } from './support/factories.js';
import { FIGURES } from './support/figures.js';

const api = useApi();
const MAP = routes(() => false);
const DOCS = ['/', '/openapi.json', '/docs', '/docs/start.js'];
const PATHS = [...new Set(MAP.map(({ path }) => path)), ...DOCS];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'];

/** A path with and without the slash at its end. */
const spellings = (path: string) => [path.replace(/\/$/, ''), path.replace(/\/?$/, '/')];

test.each(PATHS)(
  '%s has its methods, by either spelling, and tells them with 405',
  async (path) => {
    const known = MAP.filter((route) => route.path === path).map(({ method }) => method);
    const expected = known.length === 0 ? ['GET'] : known;
    const allowed = expected.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    const address = path.replace(/:\w+/g, '999999');
    for (const spelled of spellings(address)) {
      for (const method of METHODS) {
        const answer = await send(api, method, spelled);
        if (allowed.includes(method)) expect([200, 400, 401, 404, 503]).toContain(answer.status);
        else {
          expect(answer.status, method).toBe(405);
          if (method !== 'HEAD') expectError(answer, 405, 'method_not_allowed');
          expect(answer.headers.allow?.split(', ').sort()).toEqual([...allowed].sort());
        }
      }
    }
  },
);

test.each([
  '/nothing',
  '/Campaigns/',
  '/campaigns/1/donations/2/',
  '/campaigns//',
  '//campaigns/',
  '/parents/me/children/1/',
  '/docs/nothing.js',
  '/docs/package.json',
  '/docs/..%2f..%2fpackage.json',
  '/docs/../package.json',
  '/campaigns/..',
  '/__proto__/',
  '/campaigns/constructor/',
])('there is nothing at %s', async (path) => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    const answer = await send(api, method, path);
    if (answer.status !== 405 && answer.status !== 401) expectError(answer, 404, 'not_found');
  }
  expectError(await send(api, 'GET', path), 404, 'not_found');
});

test.each([
  '/%',
  '/campaigns/%',
  '/campaigns/%zz/',
  '/campaigns/%ff/',
  '/campaigns/%00/',
  '/docs/%e0%a4',
])('the malformed or strange %s gets 404', async (path) =>
  expectError(await send(api, 'GET', path), 404, 'not_found'),
);

test.each(['q=%', 'q=%ff', 'q=%ed%a0%80', '%ff=1', 'cursor=%zz'])(
  'the query %s gets 400',
  async (query) => {
    expectError(await send(api, 'GET', `/campaigns/?${query}`), 400);
  },
);

test.each([
  '0',
  '-1',
  '01',
  '1.5',
  '1e3',
  '+1',
  '2147483648',
  '99999999999999999999',
  'abc',
  '%31%20',
  '٣',
])('the id %s names nothing', async (id) => {
  const { parent } = await openJar(api);
  for (const path of ['parents', 'children', 'campaigns'])
    await api.get(`/${path}/${encodeURI(decodeURI(id))}/`, parent.access).expect(404);
});

test('both spellings of a path give the same answer, with no redirect', async () => {
  const { parent, child, campaign } = await openJar(api);
  const gift = await donate(api, campaign, {}, parent);
  const ids: Record<string, number> = {
    parents: parent.id,
    children: child.id,
    campaigns: campaign.id,
    donations: gift.id,
  };
  // Sign-in by Google, which is not set up here, has tests of its own.
  const gets = MAP.filter(({ method, path }) => method === 'GET' && !path.includes('google')).map(
    ({ path }) => path,
  );
  for (const path of [...gets, ...DOCS]) {
    const address = path.replace(/(\w+)\/:id/, (_match, name: string) => `${name}/${ids[name]}`);
    const [without, slashed] = await Promise.all(
      spellings(address).map((one) =>
        send(api, 'GET', one, { Authorization: `Bearer ${parent.access}` }),
      ),
    );
    expect(without?.status, path).toBe(200);
    expect(slashed?.status, path).toBe(200);
    // The addresses in the page are relative to its own.
    if (path !== '/docs') expect(slashed?.text, path).toBe(without?.text);
  }
});

test('HEAD answers as GET does, without the body', async () => {
  const { campaign } = await openJar(api);
  for (const path of ['/campaigns/', `/campaigns/${campaign.id}/`, '/docs', '/openapi.json']) {
    const got = await send(api, 'GET', path);
    const head = await send(api, 'HEAD', path);
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(got.headers['content-length']);
    expect(head.headers['content-type']).toBe(got.headers['content-type']);
  }
  const missing = await send(api, 'HEAD', '/campaigns/999999/');
  expect([missing.status, missing.text]).toEqual([404, '']);
});

test('OPTIONS is answered without a body', async () => {
  const { status, text } = await send(api, 'OPTIONS', '/campaigns/');
  expect([status, text]).toEqual([204, '']);
});

test('headers that are too large get 431 in JSON', async () => {
  const head = `GET /campaigns/ HTTP/1.1\r\nHost: x\r\nX-Filler: ${'x'.repeat(20_000)}\r\n\r\n`;
  expectError(await sendBytes(api, head), 431, 'headers_too_large');
});

test.each([
  ['no HTTP', 'HELLO\r\n\r\n'],
  ['a TLS greeting', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01])],
  ['a method that none is', 'GE T / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a header without a name', 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n'],
  ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n'],
  [
    'two lengths',
    'POST /parents/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
  ],
  [
    'a length and chunks',
    'POST /parents/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
  ],
  [
    'a bad chunk',
    'POST /parents/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ],
])('%s is refused in JSON with a request id', async (_name, bytes) => {
  const answer = await sendBytes(api, bytes);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  const { code } = JSON.parse(answer.text) as { code: string };
  expectError(answer, answer.status, code);
});

test.each([
  ['no host in HTTP/1.0', '1.0', ''],
  ['an empty host', '1.1', 'Host:\r\n'],
  ['the address of IPv6 for a host', '1.1', 'Host: [::1]:3000\r\n'],
  ['a host with a port', '1.1', 'Host: api-1.dreamjar_x.example:443\r\n'],
  ['a strange expectation', '1.1', 'Host: x\r\nExpect: miracles\r\n'],
])('a request with %s is served', async (_name, version, fields) => {
  const answer = await sendBytes(
    api,
    `GET /nothing HTTP/${version}\r\n${fields}Connection: close\r\n\r\n`,
  );
  expectError(answer, 404, 'not_found');
});

test.each([
  ['no host', '1.1', ''],
  ['two hosts', '1.1', 'Host: a.example\r\nhost: a.example\r\n'],
  ['two hosts in HTTP/1.0', '1.0', 'Host: a.example\r\nHost: b.example\r\n'],
  ['two hosts in one', '1.1', 'Host: a.example, b.example\r\n'],
  ['a path in the host', '1.1', 'Host: a.example/b\r\n'],
  ['a name before the host', '1.1', 'Host: a@b.example\r\n'],
  ['a port that is none', '1.1', 'Host: a.example:b\r\n'],
])('a request with %s is refused in JSON', async (_name, version, fields) => {
  for (const method of ['GET', 'POST', 'OPTIONS']) {
    const answer = await sendBytes(
      api,
      `${method} /campaigns/ HTTP/${version}\r\n${fields}Connection: close\r\n\r\n`,
    );
    expectError(answer, 400, 'malformed');
  }
});

test('a client that dribbles its headers or its body is cut off', async () => {
  const { headersTimeout, requestTimeout } = api.server;
  const { headers, request } = FIGURES.waits.client;
  expect({ headersTimeout, requestTimeout }).toEqual({
    headersTimeout: headers,
    requestTimeout: request,
  });
  expect(DEFAULT_WAITS.client.headers).toBeLessThanOrEqual(15_000);
  expect(DEFAULT_WAITS.client.request).toBeLessThanOrEqual(15_000);
  Object.assign(api.server, { headersTimeout: 50, requestTimeout: 100 });
  try {
    const start = 'POST /parents/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    expectError(await sendBytes(api, start), 408, 'request_timeout');
    expectError(
      await sendBytes(api, `${start}Content-Length: 9\r\n\r\n`, '{'),
      408,
      'request_timeout',
    );
  } finally {
    Object.assign(api.server, { headersTimeout, requestTimeout });
  }
});

test('the server goes on when clients hang up', async () => {
  for (const bytes of [
    '',
    'GET /campaigns/ HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /parents/ HTTP/1.1\r\nContent-Le',
  ]) {
    const socket = connect(Number(new URL(api.address).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    socket.resetAndDestroy();
    await once(socket, 'close');
  }
  await api.get('/health/live').expect(200);
});
