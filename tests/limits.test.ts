import type supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger } from '../src/observability/logger.js';
import { createLimits } from '../src/http/guards/limits.js';
import { networkOf } from '../src/http/guards/network.js';
import { JWT_SECRET, useApi } from './support/api.js';
import { expectError } from './support/bare-http.js';
import { FIGURES } from './support/figures.js';
import { guestGift, openJar, registerParent } from './support/factories.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WRONG = 'not the password';

/** Behind one proxy, so that tests may come from any address. */
const api = useApi({ rateLimit: true, trustProxy: 1 });
const direct = useApi({ rateLimit: true });
const unlimited = useApi();

const silent = () => createLogger('silent');

let used = 0;
/** An address that no other test uses. */
function newAddress(): string {
  used += 1;
  return `10.${used >> 8}.${used & 255}.7`;
}

const from = (address: string, request: supertest.Test) => request.set('X-Forwarded-For', address);
const logIn = (address: string, email: string, password = WRONG) =>
  from(address, api.post('/api/token/', { email, password }));

async function times(count: number, ask: () => supertest.Test, status: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await ask().expect(status);
}

/** Expects 429 and gives its Retry-After, in seconds. */
async function throttled(request: supertest.Test): Promise<number> {
  const response = await request;
  expectError(response, 429, 'throttled');
  expect(response.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  return Number(response.headers['retry-after']);
}

/** Uses an account's failures up, each from an address of its own. */
const lockOutStrangers = (email: string) => times(25, () => logIn(newAddress(), email), 401);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe('signing in', () => {
  test('is allowed ten times a minute for one account and address, and again a minute later', async () => {
    const { email, password } = await registerParent(api);
    const address = newAddress();
    await times(10, () => logIn(address, email), 401);
    const wait = await throttled(logIn(address, email, password));
    expect(wait).toBeLessThanOrEqual(60);
    pass(wait * 1000);
    await logIn(address, email).expect(401);
  });

  test('counts the right password too, within the minute', async () => {
    const { email, password } = await registerParent(api);
    const address = newAddress();
    await times(10, () => logIn(address, email, password), 200);
    await throttled(logIn(address, email, password));
  });

  test('counts an account by itself, and an address by itself', async () => {
    const address = newAddress();
    await times(10, () => logIn(address, 'ann@example.com'), 401);
    await throttled(logIn(address, 'ann@example.com'));
    await logIn(address, 'ben@example.com').expect(401);
    await logIn(newAddress(), 'ann@example.com').expect(401);
  });

  test('counts an account once, however its email is written', async () => {
    const address = newAddress();
    const spellings = [
      'kit@example.com',
      'KIT@Example.COM',
      ' kit@example.com ',
      'kİt@example.com',
    ];
    for (let i = 0; i < 10; i += 1) await logIn(address, spellings[i % 4]!).expect(401);
    for (const spelling of spellings) await throttled(logIn(address, spelling));
  });

  test('bounds one address over all accounts: by failures, and by all', async () => {
    const address = newAddress();
    for (let i = 0; i < 30; i += 1) await logIn(address, `n${i}@example.com`).expect(401);
    await throttled(logIn(address, 'one-more@example.com'));
    pass(MINUTE);
    for (let i = 0; i < 120; i += 1) await logIn(address, '', '').expect(400);
    await throttled(logIn(address, '', ''));
  });

  test("failures at an address don't keep out those who signed in from there lately", async () => {
    const { email, password } = await registerParent(api);
    const address = newAddress();
    await logIn(address, email, password).expect(200);
    for (let i = 0; i < 30; i += 1) await logIn(address, `m${i}@example.com`).expect(401);
    await throttled(logIn(address, 'm30@example.com'));
    await logIn(address, email, password).expect(200);
  });

  test('fails at most 25 times an hour for an account from all addresses together', async () => {
    const { email, password } = await registerParent(api);
    await lockOutStrangers(email);
    const wait = await throttled(logIn(newAddress(), email, password));
    expect(wait).toBeGreaterThan(3500);
    expect(wait).toBeLessThanOrEqual(3600);
    pass(wait * 1000);
    await logIn(newAddress(), email, password).expect(200);
  });

  test('of a hundred guesses at once, no more than 25 are compared', async () => {
    const guesses = Array.from({ length: 100 }, () => logIn(newAddress(), 'raced@example.com'));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(25);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
  });

  test('is limited in the same way for an account that there is not', async () => {
    await lockOutStrangers('nobody@example.com');
    await throttled(logIn(newAddress(), 'nobody@example.com'));
  });

  test('counts only failures for the hour', async () => {
    const { email, password } = await registerParent(api);
    for (let i = 0; i < 30; i += 1) await logIn(newAddress(), email, password).expect(200);
    await times(25, () => logIn(newAddress(), email), 401);
    await throttled(logIn(newAddress(), email, password));
  });

  test('never ends a session that is alive: it goes on while strangers are refused', async () => {
    const { email, access, refresh } = await registerParent(api);
    await lockOutStrangers(email);
    await throttled(logIn(newAddress(), email));
    await api.get('/parents/me/', access).expect(200);
    await api.post('/api/token/refresh/', { refresh }).expect(200);
  });

  test('stays open to the owner, where the account signed in from lately', async () => {
    const { email, password } = await registerParent(api);
    const home = newAddress();
    await logIn(home, email, password).expect(200);
    await lockOutStrangers(email);
    await throttled(logIn(newAddress(), email, password));
    await logIn(home, email, password).expect(200);
  });

  test('is bounded at a familiar address too', async () => {
    const { email, password } = await registerParent(api);
    const home = newAddress();
    await logIn(home, email, password).expect(200);
    for (let i = 0; i < 25; i += 1) {
      if (i % 8 === 0) pass(MINUTE);
      await logIn(home, email).expect(401);
    }
    pass(MINUTE);
    expect(await throttled(logIn(home, email, password))).toBeGreaterThan(60);
  });

  test('forgets a familiar address after three weeks', async () => {
    const { email, password } = await registerParent(api);
    const home = newAddress();
    await logIn(home, email, password).expect(200);
    pass(22 * 24 * HOUR);
    await lockOutStrangers(email);
    await throttled(logIn(home, email, password));
  });

  test('is not counted when the body is none, and is refused before the password is looked at', async () => {
    const address = newAddress();
    const send = (type: string, body: string) =>
      from(address, api.post('/api/token/').set('Content-Type', type).send(body));
    for (let i = 0; i < 12; i += 1) {
      await send('text/plain', 'x').expect(415);
      await send('application/json', '{').expect(400);
    }
    await times(10, () => logIn(address, 'late@example.com'), 401);
    await throttled(logIn(address, 'late@example.com'));
  });
});

describe('the other limits', () => {
  const register = (address: string, fields: object) =>
    from(address, api.post('/parents/', fields));

  test('registering: 300 an hour from an address, also of those that fail', async () => {
    const address = newAddress();
    await times(300, () => register(address, {}), 400);
    expect(await throttled(register(address, {}))).toBeGreaterThan(60);
    await register(newAddress(), {}).expect(400);
  });

  test('registering: twenty an hour with one email, before it is told to be taken', async () => {
    const { email } = await registerParent(api);
    const fields = { email, username: 'x' };
    // Registering was the first.
    await times(19, () => register(newAddress(), fields), 400);
    await throttled(register(newAddress(), fields));
  });

  test('refreshing: 300 a minute from an address', async () => {
    const address = newAddress();
    const refresh = () => from(address, api.post('/api/token/refresh/', { refresh: 'bad' }));
    await times(300, refresh, 401);
    await throttled(refresh());
    pass(MINUTE);
    await refresh().expect(401);
  });

  test('giving: 30 a minute as a parent, 600 from an address', async () => {
    const { parent, campaign } = await openJar(api);
    const path = `/campaigns/${campaign.id}/donations/`;
    const address = newAddress();
    const asParent = () => from(address, api.post(path, { amount: 1 }, parent.access));
    const asGuest = () => from(address, api.post(path, guestGift()));
    await times(30, asParent, 201);
    await throttled(asParent());
    for (let i = 0; i < 569; i += 1) await from(address, api.post(path)).expect(400);
    await throttled(asGuest());
    await from(newAddress(), api.post(path, guestGift())).expect(201);
  });

  test('the current password: ten in ten minutes; other changes are free', async () => {
    const { access, password } = await registerParent(api);
    const change = (body: object) => api.put('/parents/me/', body, access);
    await times(10, () => change({ current_password: WRONG }), 400);
    await throttled(change({ current_password: password, password: 'another battery' }));
    await times(3, () => change({ first_name: 'Ida' }), 200);
    pass(10 * MINUTE);
    await change({ current_password: password }).expect(200);
  });

  test('the address: twenty changes an hour, for each sends mail', async () => {
    const { access, email } = await registerParent(api);
    const change = (n: number) => api.put('/parents/me/', { email: `${n}.${email}` }, access);
    for (let n = 0; n < 20; n += 1) await change(n).expect(200);
    await throttled(change(20));
  });
});

describe('searching', () => {
  const search = (address: string, q = 'violin') => from(address, api.get(`/campaigns/?q=${q}`));

  test('is allowed sixty times a minute for an address, whatever is asked; browsing goes on', async () => {
    const address = newAddress();
    for (let n = 1; n <= 60; n += 1) await search(address, `violin${n}`).expect(200);
    expect(await throttled(search(address))).toBeLessThanOrEqual(60);
    await from(address, api.get('/campaigns/')).expect(200);
    await from(address, api.get('/campaigns/?q=')).expect(200);
    await search(newAddress()).expect(200);
    pass(MINUTE);
    await search(address).expect(200);
  });

  test('counts for the address, whoever is signed in there, and before the database is asked', async () => {
    const address = newAddress();
    const { access } = await registerParent(api);
    await times(60, () => search(address), 200);
    const asked = vi.spyOn(api.db, 'search');
    await throttled(from(address, api.get('/campaigns/?q=violin', access)));
    await throttled(search(address));
    expect(asked).not.toHaveBeenCalled();
    await from(address, api.get('/campaigns/', access)).expect(200);
  });

  test('counts also what is refused as invalid', async () => {
    const address = newAddress();
    await times(60, () => search(address, 'x'.repeat(300)), 400);
    await throttled(search(address));
  });
});

describe('addresses', () => {
  test('a forged X-Forwarded-For changes nothing where no proxy is trusted', async () => {
    const guess = () =>
      from(newAddress(), direct.post('/api/token/', { email: 'a@b.example', password: WRONG }));
    await times(10, guess, 401);
    await throttled(guess());
  });

  test('behind a proxy only the address that it tells counts', async () => {
    const address = newAddress();
    const guess = () => logIn(`${newAddress()}, ${address}`, 'forged@example.com');
    await times(10, guess, 401);
    await throttled(guess());
  });

  test('a client with a whole /64 is one client', async () => {
    const guess = (address: string) => logIn(address, 'six@example.com');
    for (let i = 1; i <= 10; i += 1) await guess(`2001:db8:0:1::${i}`).expect(401);
    await throttled(guess('2001:db8:0:1:ffff:ffff:ffff:ffff'));
    await guess('2001:db8:0:2::1').expect(401);
  });

  test('a port, brackets or a zone make no client of its own; what is no address shares one', async () => {
    const spellings = (n: number) => [
      `203.0.113.9:${40000 + n}`,
      '"203.0.113.9"',
      '::ffff:203.0.113.9',
    ];
    for (let n = 0; n < 10; n += 1)
      await logIn(spellings(n)[n % 3]!, 'ports@example.com').expect(401);
    await throttled(logIn('203.0.113.9', 'ports@example.com'));
    const strange = [
      'unknown',
      '_hidden',
      '',
      '127.1',
      '1.2.3.4.5',
      '[::1',
      'fe80::x',
      '0x7f.1',
      '09.1.1.1',
      '-',
    ];
    for (const entry of strange) await logIn(`192.0.2.1, ${entry}`, 'odd@example.com').expect(401);
    await throttled(logIn('garbage', 'odd@example.com'));
  });

  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:40001', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:0207', '192.0.2.7'],
    ['[::ffff:192.0.2.7]:443', '192.0.2.7'],
    ['2001:DB8::1', '2001:db8::/64', '2001:db8::/48'],
    ['[2001:db8:1:2::3]:443', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['[2001:db8:1:2::3]', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['fe80::1%eth0', 'fe80::/64', 'fe80::/48'],
    ['::1', '::/64', '::/48'],
    ['::1.2.3.4', '::/64', '::/48'],
    ['2001:db8::1.2.3.4', '2001:db8::/64', '2001:db8::/48'],
    ['[64:ff9b::198.51.100.7]:443', '198.51.100.7'],
    ['64:ff9b::c633:6407', '198.51.100.7'],
    ['', 'unknown'],
    ['unknown', 'unknown'],
    ['1', 'unknown'],
    ['999.1.1.1', 'unknown'],
  ])('%s stands for %s', (address, client, site?: string) => {
    expect(networkOf(address)).toEqual(site === undefined ? { client } : { client, site });
  });
});

describe('the table', () => {
  test('tells neither accounts nor addresses, and its keys depend on the secret', async () => {
    await logIn('192.0.2.99', 'secret.person@example.com').expect(401);
    const rows = await api.database.sql<{ key: string }>('SELECT key FROM rate_limits');
    expect(rows.length).toBeGreaterThan(2);
    for (const { key } of rows) expect(key).toMatch(/^\w+(-\d)?:[\w-]{43}$/);

    const ask = async (jwtSecret: string) => {
      const settings = { ...FIGURES, jwtSecret, payments: 'pledge' as const };
      const limits = createLimits({ db: direct.db, log: silent(), settings });
      await limits.countClient(['refresh'], { address: '192.0.2.99', query: {} });
    };
    const keys = () => direct.database.sql(`SELECT key FROM rate_limits WHERE key LIKE 'refresh%'`);
    await ask(JWT_SECRET);
    await ask(JWT_SECRET);
    expect(await keys()).toHaveLength(1);
    await ask('another secret, of another house');
    expect(await keys()).toHaveLength(2);
  });

  test('is cleared of counts that ended, every five minutes', async () => {
    const { database } = unlimited;
    await database.sql(`INSERT INTO rate_limits VALUES ('over', 1, $1), ('running', 1, $2)`, [
      Date.now() - 2 * HOUR,
      Date.now() + HOUR,
    ]);
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout'] });
    const settings = { ...FIGURES, jwtSecret: JWT_SECRET, payments: 'pledge' as const };
    createLimits({ db: unlimited.db, log: silent(), settings });
    vi.advanceTimersByTime(5 * MINUTE);
    vi.useRealTimers();
    await expect
      .poll(() => database.sql('SELECT key FROM rate_limits'))
      .toEqual([{ key: 'running' }]);
  });

  test('stays empty where limits are switched off', async () => {
    const guess = () => unlimited.post('/api/token/', { email: 'a@b.example', password: WRONG });
    await times(12, guess, 401);
    const counts = await unlimited.database.sql(
      `SELECT 1 FROM rate_limits WHERE key LIKE 'login%'`,
    );
    expect(counts).toEqual([]);
  });
});
