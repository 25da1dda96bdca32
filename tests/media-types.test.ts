import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { expectError, send, sendBytes, type Answer } from './support/bare-http.js';

const api = useApi();

/** Registers with no fields, which gets 400 once the body has been read. */
const register = (headers: Record<string, string>, body: string | Buffer = '{}'): Promise<Answer> =>
  send(
    api,
    'POST',
    '/parents/',
    { 'Content-Type': 'application/json', 'Content-Length': `${body.length}`, ...headers },
    body,
  );

test.each([
  'application/json; charset=utf8',
  'application/json; charset="UTF-8"',
  'application/json; charset="u\\tf-8"',
  'application/json; CHARSET=Utf-8',
  'application/json;',
  'application/json ;',
  'application/json; ; charset=utf-8 ;',
  'application/json;charset=utf-8;',
  'application/json; charset=',
  'application/json\t;\tcharset=utf-8',
  'APPLICATION/JSON; version=1',
  'application/json; profile="a;b=c, d"; charset=utf-8',
  'application/json; odata.metadata=minimal; charset=utf-8',
  'application/json; boundary',
])('a body of the type %j is read', async (type) => {
  expectError(await register({ 'Content-Type': type }), 400);
});

test.each([
  'text/json',
  'text/plain; note=application/json',
  'application/x-json',
  'application/json5',
  'application/merge-patch+json',
  'application/vnd.api+json',
  'application/problem+json; charset=utf-8',
  'application/json+xml',
  'application /json',
  'application/json charset=utf-8',
  'application/json, application/json',
  'json',
  ';',
  'application/json; charset=utf-7',
  'application/json; charset=iso-8859-1',
  'application/json; charset=utf-16le',
  'application/json; charset=utf-8, text/plain',
  'application/json; charset=x',
])('a body of the type %j gets 415, and the type to use', async (type) => {
  const answer = await register({ 'Content-Type': type });
  expectError(answer, 415, 'unsupported_media_type');
  expect(answer.headers.accept).toBe('application/json');
});

test.each(['identity', 'Identity', '', 'identity, identity'])(
  'a body with Content-Encoding %j is read',
  async (encoding) => {
    expectError(await register({ 'Content-Encoding': encoding }), 400);
  },
);

test.each(['gzip', 'GZIP', 'identity, gzip', 'br', 'x'])(
  'a body with Content-Encoding %j gets 415, and the encoding to use',
  async (encoding) => {
    const answer = await register({ 'Content-Encoding': encoding });
    expectError(answer, 415, 'unsupported_media_type');
    expect(answer.headers['accept-encoding']).toBe('identity');
  },
);

test('a body compressed by its transfer gets 415', async () => {
  const head =
    'POST /parents/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n';
  const answer = await sendBytes(api, `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`);
  expectError(answer, 415, 'unsupported_media_type');
});

const expectant = (length: number, type = 'application/json', expectation = '100-continue') =>
  `POST /parents/ HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n` +
  `Expect: ${expectation}\r\n\r\n`;

test.each(['100-continue', '100-Continue'])(
  'a client that sends Expect: %s is asked for a body that is wanted',
  async (expectation) => {
    const socket = connect(Number(new URL(api.address).port), '127.0.0.1').setEncoding('latin1');
    const heard: string[] = [];
    socket.on('data', (data) => heard.push(String(data)));
    socket.write(expectant(2, 'application/json', expectation));
    await once(socket, 'data');
    expect(heard.join('')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('{}');
    await once(socket, 'data');
    socket.destroy();
    expect(heard.join('')).toContain('HTTP/1.1 400 ');
  },
);

test('it is told at once of a body that is not wanted, and the connection closes', async () => {
  expectError(await sendBytes(api, expectant(100_001)), 413, 'too_large');
  expectError(await sendBytes(api, expectant(2, 'text/plain')), 415, 'unsupported_media_type');
});

test('any other expectation is no obstacle', async () => {
  expectError(await register({ Expect: 'the unexpected' }), 400);
});
