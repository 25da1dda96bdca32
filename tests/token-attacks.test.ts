import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import jwt from 'jsonwebtoken';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { JWT_SECRET, useApi } from './support/api.js';
import { registerParent, type TestParent } from './support/factories.js';

const api = useApi();

type Claims = Record<string, unknown>;

let victim: TestParent;
let attacker: TestParent;
let access: Claims;
let refresh: Claims;

beforeAll(async () => {
  victim = await registerParent(api);
  attacker = await registerParent(api);
  access = jwt.decode(victim.access) as Claims;
  refresh = jwt.decode(victim.refresh) as Claims;
});

const encode = (part: unknown) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** A token made by hand, signed as the header says or with what is given. */
function byHand(header: unknown, payload: unknown, secret = JWT_SECRET, hash = 'sha256'): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

const HS256 = { alg: 'HS256', typ: 'JWT' };
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

const part = (token: string, index: number) => token.split('.')[index]!;
const signed = (claims: Claims) => jwt.sign(claims, JWT_SECRET);
const without = (claims: Claims, name: string) =>
  Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
const now = () => Math.floor(Date.now() / 1000);

/** Forgeries of any token, made from its claims and its text. */
const forgeries: Record<string, (claims: Claims, token: string) => string> = {
  'alg none, no signature': (claims) => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`,
  'alg None, no signature': (claims) => `${encode({ alg: 'None' })}.${encode(claims)}.`,
  'alg none, no last dot': (claims) => `${encode({ alg: 'none' })}.${encode(claims)}`,
  'alg none, the old signature': (claims, token) =>
    `${encode({ alg: 'none' })}.${encode(claims)}.${part(token, 2)}`,
  'alg none, signed as HS256': (claims) => byHand({ alg: 'none' }, claims),
  'no alg': (claims) => byHand({ typ: 'JWT' }, claims),
  'alg as a list': (claims) => byHand({ alg: ['HS256'] }, claims),
  'alg in small letters': (claims) => byHand({ alg: 'hs256' }, claims),
  'HS384 with our secret': (claims) => jwt.sign(claims, JWT_SECRET, { algorithm: 'HS384' }),
  'HS512 with our secret': (claims) => jwt.sign(claims, JWT_SECRET, { algorithm: 'HS512' }),
  'HS512 under the name of HS256': (claims) => byHand(HS256, claims, JWT_SECRET, 'sha512'),
  'RS256 with a key of their own': (claims) => jwt.sign(claims, privateKey, { algorithm: 'RS256' }),
  'HS256 with a public key for secret': (claims) => byHand(HS256, claims, publicKey),
  'a key brought along': (claims) =>
    byHand({ ...HS256, jwk: { kty: 'oct', k: encode('x') } }, claims, 'x'),
  'a key by reference': (claims) => byHand({ ...HS256, kid: '/dev/null' }, claims, ''),
  'another secret': (claims) => jwt.sign(claims, 'a secret for tests, and for nothing els'),
  'an empty secret': (claims) => byHand(HS256, claims, ''),
  'no exp': (claims) => signed(without(claims, 'exp')),
  'exp as text': (claims) => byHand(HS256, { ...claims, exp: String(claims['exp']) }),
  'exp as text that is no number': (claims) => byHand(HS256, { ...claims, exp: 'never' }),
  'exp null': (claims) => byHand(HS256, { ...claims, exp: null }),
  'exp passed': (claims) => signed({ ...claims, exp: now() - 1 }),
  'nbf to come': (claims) => signed({ ...claims, nbf: now() + 60 }),
  'nbf as text': (claims) => byHand(HS256, { ...claims, nbf: 'always' }),
  'no token_type': (claims) => signed(without(claims, 'token_type')),
  'token_type unknown': (claims) => signed({ ...claims, token_type: 'id' }),
  'token_type as a list': (claims) => signed({ ...claims, token_type: [claims['token_type']] }),
  'no sub': (claims) => signed(without(claims, 'sub')),
  'sub null': (claims) => byHand(HS256, { ...claims, sub: null }),
  'sub as a number': (claims) => byHand(HS256, { ...claims, sub: Number(claims['sub']) }),
  'sub as a list': (claims) => byHand(HS256, { ...claims, sub: [claims['sub']] }),
  'sub as an object': (claims) => byHand(HS256, { ...claims, sub: { not: '' } }),
  'sub as true': (claims) => byHand(HS256, { ...claims, sub: true }),
  'sub as no number': (claims) => signed({ ...claims, sub: 'me' }),
  'sub empty': (claims) => signed({ ...claims, sub: '' }),
  'sub in another notation': (claims) => signed({ ...claims, sub: `0x${claims['sub'] as string}` }),
  'sub with SQL': (claims) => signed({ ...claims, sub: `${claims['sub'] as string} OR 1=1` }),
  'sub over 32 bits': (claims) => signed({ ...claims, sub: '2147483648' }),
  'sub huge': (claims) => signed({ ...claims, sub: '9'.repeat(400) }),
  'sub negative': (claims) => signed({ ...claims, sub: '-1' }),
  'sub of another parent': (claims) => signed({ ...claims, sub: String(attacker.id) }),
  'no sid': (claims) => signed(without(claims, 'sid')),
  'sid null': (claims) => signed({ ...claims, sid: null }),
  'sid as text': (claims) => signed({ ...claims, sid: String(claims['sid']) }),
  'sid as a list': (claims) => signed({ ...claims, sid: [claims['sid']] }),
  'sid as an object': (claims) => signed({ ...claims, sid: { gt: 0 } }),
  'sid zero': (claims) => signed({ ...claims, sid: 0 }),
  'sid broken': (claims) => signed({ ...claims, sid: 1.5 }),
  'sid over 32 bits': (claims) => signed({ ...claims, sid: 2 ** 31 }),
  'sid huge': (claims) => byHand(HS256, JSON.stringify(claims).replace(/"sid":\d+/, '"sid":1e400')),
  'sid of nobody': (claims) => signed({ ...claims, sid: 2 ** 31 - 1 }),
  'session of another parent': (claims) =>
    signed({ ...claims, sid: (jwt.decode(attacker.access) as Claims)['sid'] }),
  'claims tampered with': (claims, token) =>
    `${part(token, 0)}.${encode({ ...claims, sub: String(attacker.id) })}.${part(token, 2)}`,
  'header tampered with': (_claims, token) =>
    `${encode({ typ: 'JWT', alg: 'HS256' })}.${part(token, 1)}.${part(token, 2)}`,
  "another token's signature": (_claims, token) =>
    `${part(token, 0)}.${part(token, 1)}.${part(attacker.access, 2)}`,
  'no signature': (_claims, token) => `${part(token, 0)}.${part(token, 1)}.`,
  'half a signature': (_claims, token) => token.slice(0, -20),
  'two parts': (_claims, token) => token.split('.').slice(0, 2).join('.'),
  'four parts': (_claims, token) => `${token}.e30`,
  'a dot at the end': (_claims, token) => `${token}.`,
  'letters at the end': (_claims, token) => `${token}AAAA`,
  'padding at the end': (_claims, token) => `${token}==`,
  'an empty payload': () => byHand(HS256, ''),
  'a payload of text': () => byHand(HS256, '"me"'),
  'a payload of null': () => byHand(HS256, 'null'),
  'a payload that is a list': (claims) => byHand(HS256, [claims]),
  'a payload that is no JSON': () => byHand(HS256, '{"sub":'),
  'a header that is no JSON': (claims) => byHand('{', claims),
  'a header of null': (claims) => byHand('null', claims),
  'claims by prototype': (claims) => byHand(HS256, `{"__proto__":${JSON.stringify(claims)}}`),
  'three dots': () => '...',
  'a word': () => 'undefined',
};

const NOT_VALID = { detail: expect.any(String), code: 'token_not_valid' };

describe.each(Object.keys(forgeries))('a token with %s', (name) => {
  afterEach(() => api.get('/parents/me/', victim.access).expect(200));

  test('signs no request', async () => {
    const forged = forgeries[name]!(access, victim.access);
    for (const path of ['/parents/me/', '/campaigns/']) {
      const { body } = await api.get(path, forged).expect(401).expect('WWW-Authenticate', 'Bearer');
      expect(body).toEqual(NOT_VALID);
    }
  });

  test('refreshes nothing and signs nobody out', async () => {
    const forged = forgeries[name]!(refresh, victim.refresh);
    for (const path of ['/api/token/refresh/', '/api/token/blacklist/']) {
      const { body } = await api.post(path, { refresh: forged }).expect(401);
      expect(body).toEqual(NOT_VALID);
    }
  });
});

describe('a good token', () => {
  test('made in the same way as the forgeries is taken', async () => {
    await api.get('/parents/me/', byHand(HS256, access)).expect(200);
    await api.get('/parents/me/', signed(access)).expect(200);
  });

  test('of the other type is refused', async () => {
    await api.get('/parents/me/', victim.refresh).expect(401);
    await api.get('/campaigns/', victim.refresh).expect(401);
    await api.post('/api/token/refresh/', { refresh: victim.access }).expect(401);
    await api.post('/api/token/blacklist/', { refresh: victim.access }).expect(401);
  });

  test.each<[string, Claims]>([
    ['with another jti', { jti: randomUUID() }],
    ['with no jti', { jti: undefined }],
    ['with a jti that is no text', { jti: { not: '' } }],
  ])('to refresh, %s, ends at most its own session', async (_name, change) => {
    const parent = await registerParent(api);
    const claims = without({ ...(jwt.decode(parent.refresh) as Claims), ...change }, 'iat');
    await api.post('/api/token/refresh/', { refresh: byHand(HS256, claims) }).expect(401);
    await api.get('/parents/me/', victim.access).expect(200);
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('is taken after %s', async (scheme) => {
    const request = api.get('/parents/me/').set('Authorization', `${scheme} ${victim.access}`);
    expect((await request.expect(200)).body.id).toBe(victim.id);
  });
});

test.each<[string, (token: string) => string]>([
  ['no scheme', (token) => token],
  ['Basic', () => `Basic ${Buffer.from('anna:secret').toString('base64')}`],
  ['Basic around a token', (token) => `Basic ${token}`],
  ['JWT', (token) => `JWT ${token}`],
  ['Bearer and nothing', () => 'Bearer'],
  ['Bearer and blanks', () => 'Bearer   '],
  ['Bearer with no blank', (token) => `Bearer${token}`],
  ['Bearer with a colon', (token) => `Bearer: ${token}`],
  ['Bearer twice', (token) => `Bearer Bearer ${token}`],
  ['two tokens', (token) => `Bearer ${token} ${token}`],
  ['two tokens and a comma', (token) => `Bearer ${token}, Bearer ${token}`],
  ['a token in quotes', (token) => `Bearer "${token}"`],
  ['garbage after the token', (token) => `Bearer ${token}; DROP TABLE parents`],
  ['letters beyond ASCII', (token) => `Bearer ${token}é`],
  ['null', () => 'Bearer null'],
  ['ten thousand letters', () => `Bearer ${'a'.repeat(10_000)}`],
  ['ten thousand blanks', (token) => `Bearer ${' '.repeat(10_000)}${token}!`],
])('an Authorization header of %s gets 401', async (_name, header) => {
  for (const path of ['/parents/me/', '/campaigns/', '/donations/']) {
    const request = api.get(path).set('Authorization', header(victim.access));
    const { body } = await request.expect(401).expect('WWW-Authenticate', 'Bearer');
    expect(body).toEqual(NOT_VALID);
  }
});

test('an empty Authorization header is none', async () => {
  const { body } = await api.get('/parents/me/').set('Authorization', '').expect(401);
  expect(body.code).toBe('not_authenticated');
  await api.get('/campaigns/').set('Authorization', '').expect(200);
});

test.each([16_500, 70_000, 1_000_000])('a header of %i bytes gets 431 in JSON', async (length) => {
  const { port } = new URL(api.address);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `GET /parents/me/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'a'.repeat(length)}\r\n\r\n`,
  );
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  expect(answer).toMatch(/^HTTP\/1\.1 431 .*\r\nContent-Type: application\/json/s);
  expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ code: 'headers_too_large' });
});
