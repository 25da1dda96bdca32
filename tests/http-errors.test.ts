import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { useApi } from './support/api.js';
import { expectError, send, sendBytes } from './support/bare-http.js';
import { openJar, registerParent } from './support/factories.js';

const api = useApi();

const JSON_TYPE = { 'Content-Type': 'application/json' };

const register = (body: string | Buffer, headers = {}) =>
  send(
    api,
    'POST',
    '/parents/',
    { ...JSON_TYPE, 'Content-Length': `${Buffer.byteLength(body)}`, ...headers },
    body,
  );

test('checks run in the order of the contract', async () => {
  const { parent, campaign } = await openJar(api);
  const stranger = await registerParent(api);
  const path = `/campaigns/${campaign.id}/`;
  const change = (
    address: string,
    token: string | undefined,
    body: string,
    type = 'application/json',
  ) =>
    send(
      api,
      'PUT',
      address,
      { 'Content-Type': type, ...(token && { Authorization: `Bearer ${token}` }) },
      body,
    );
  expectError(await change('/campaigns/999/', 'bad', 'x'.repeat(100_001)), 413, 'too_large');
  expectError(
    await change('/campaigns/999/', 'bad', '{}', 'text/plain'),
    415,
    'unsupported_media_type',
  );
  expectError(await change('/campaigns/999/', 'bad', '{'), 400, 'malformed');
  expectError(await change('/campaigns/999/', undefined, '[]'), 401, 'not_authenticated');
  expectError(await change('/campaigns/999/', 'bad', '[]'), 401, 'token_not_valid');
  expectError(await change('/campaigns/x/', 'bad', '[]'), 401, 'token_not_valid');
  expectError(await change('/campaigns/999/', stranger.access, '[]'), 404, 'not_found');
  expectError(await change(path, stranger.access, '[]'), 403, 'permission_denied');
  expectError(await change(path, parent.access, '[]'), 400);
  expectError(await change(path, parent.access, '{"goal":0}'), 400);

  await api.put(path, { is_open: false }, parent.access).expect(200);
  const give = (address: string, body: object, token?: string) => api.post(address, body, token);
  await give('/campaigns/999/donations/', { amount: 0 }).expect(404);
  await give(`${path}donations/`, { amount: 0 }, 'bad').expect(401);
  await give(`${path}donations/`, { amount: 0 }, parent.access).expect(400);
  const closed = await give(`${path}donations/`, { amount: 1 }, parent.access).expect(409);
  expect(closed.body).toEqual({ detail: expect.any(String) as string, code: 'campaign_closed' });
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=latin1',
  'application/json; charset=utf-16',
  'application/json, text/plain',
  'application/jsonp',
  '',
])('a body of the type "%s" gets 415', async (type) => {
  expectError(await register('{}', { 'Content-Type': type }), 415, 'unsupported_media_type');
});

test.each([
  'application/json',
  'Application/JSON',
  'application/json;charset=UTF-8',
  'application/json; charset="utf-8"',
])('a body of the type "%s" is read', async (type) =>
  expectError(await register('{}', { 'Content-Type': type }), 400),
);

test.each(['gzip', 'deflate', 'br', 'zstd', 'x'])('a body encoded as %s gets 415', async (name) => {
  const { status, text } = await register('{}', { 'Content-Encoding': name });
  expect([status, text]).toEqual([415, expect.stringContaining('unsupported_media_type')]);
});

test('a body may have 100,000 bytes and not one more, its length told or not', async () => {
  const exactly = `{"filler":"${'x'.repeat(100_000 - 13)}"}`;
  expect(exactly).toHaveLength(100_000);
  const chunked = (text: string) =>
    send(
      api,
      'POST',
      '/parents/',
      { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' },
      text.slice(0, 70_000),
      text.slice(70_000),
    );
  expectError(await register(exactly), 400);
  expectError(await chunked(exactly), 400);
  expectError(await register(`${exactly} `), 413, 'too_large');
  expectError(await chunked(`${exactly} `), 413, 'too_large');
});

test('a body that tells a length over the limit is refused before it is sent', async () => {
  const head = `POST /parents/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 5000000000\r\n\r\n`;
  expectError(await sendBytes(api, head), 413, 'too_large');
});

const MALFORMED: Record<string, string | Buffer> = {
  'no JSON': 'hello',
  'half of an object': '{"username":',
  'a trailing comma': '{"username":"a",}',
  'single quotes': "{'username':'a'}",
  'a comment': '{} // nothing',
  'two values': '{}{}',
  NaN: '{"amount":NaN}',
  'a number with a leading zero': '{"amount":01}',
  'a bare control character': '{"username":"a\nb"}',
  'an escape that JSON lacks': '{"username":"\\x41"}',
  'a byte that is no UTF-8': Buffer.from([...Buffer.from('{"username":"'), 0xff, 0x22, 0x7d]),
  'an overlong NUL': Buffer.from([...Buffer.from('{"username":"'), 0xc0, 0x80, 0x22, 0x7d]),
  'a surrogate as UTF-8': Buffer.from([
    ...Buffer.from('{"username":"'),
    0xed,
    0xa0,
    0x80,
    0x22,
    0x7d,
  ]),
  'UTF-16': Buffer.from('{}', 'utf16le'),
  'a name given twice': '{"username":"a","username":"b"}',
  'a name given twice, once escaped': '{"username":"a","user\\u006eame":"b"}',
  'a name given twice further down': '{"x":{"y":1,"y":2}}',
  '100 arrays in a field that nobody reads': `{"x":${'['.repeat(100)}${']'.repeat(100)}}`,
  '40,000 arrays in each other': '['.repeat(40_000) + ']'.repeat(40_000),
  '40,000 arrays that never close': '['.repeat(40_000),
  '16,000 objects in each other': '{"a":'.repeat(16_000) + '1' + '}'.repeat(16_000),
  'arrays deep in a field': `{"username":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
  'escaped quotes that never end': `{"username":"${'\\"'.repeat(49_000)}`,
  'a string of brackets that never ends': `{"username":"${'['.repeat(90_000)}`,
};

test.each(Object.entries(MALFORMED))('%s gets 400 as malformed', async (_name, body) => {
  expectError(await register(body), 400, 'malformed');
});

test.each(['null', '[]', '[{}]', '"x"', '5', 'true', ' [ ] '])(
  'a body of %s is no object',
  async (body) => {
    const answer = await register(body);
    expectError(answer, 400);
    expect(JSON.parse(answer.text)).toEqual({ non_field_errors: [expect.any(String)] });
  },
);

test('brackets in a string nest nothing, and a byte order mark is none of the text', async () => {
  const body = JSON.stringify({
    username: 'brackets',
    email: 'brackets@example.com',
    password: '[{"'.repeat(20),
    x: '['.repeat(40_000),
  });
  expect((await register(`\uFEFF${body}`)).status).toBe(201);
});

test.each(['', ' ', '\n'])('a body of %j has no fields', async (body) => {
  const answer = await register(body);
  expectError(answer, 400);
  expect(Object.keys(JSON.parse(answer.text) as object).sort()).toEqual([
    'email',
    'password',
    'username',
  ]);
});

test('a client that goes away in mid-body is no outage', async () => {
  const from = api.logged.length;
  const socket = connect(Number(new URL(api.address).port), '127.0.0.1');
  socket.write(
    'POST /parents/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a"',
  );
  await once(api.server, 'request');
  socket.destroy();
  await vi.waitUntil(() => api.logged.slice(from).some((line) => line.includes('"msg":"request"')));
  const lines = api.logged.slice(from).map((line) => JSON.parse(line) as { level: number });
  expect(lines.filter(({ level }) => level > 30)).toEqual([]);
});
