import type supertest from 'supertest';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../src/config/limit-figures.js';
import { useApi, type Api } from './support/api.js';
import { expectError } from './support/bare-http.js';
import { addChild, registerParent } from './support/factories.js';

const MOST = 2;

const rules = [{ max: MOST, seconds: 3_600, per: ['client address' as const] }];
const sites = useApi({
  rateLimit: true,
  trustProxy: 1,
  limits: {
    refresh: { ...DEFAULT_LIMITS.refresh, rules },
    writeCampaign: { ...DEFAULT_LIMITS.writeCampaign, rules },
  },
});

/** No window ends while a busy machine is at it. */
const slowly = DEFAULT_LIMITS.login.rules.map((rule) => ({ ...rule, seconds: 3_600 }));

/** Where few passwords may wait to be compared. */
const busy = useApi({
  rateLimit: true,
  trustProxy: 1,
  bcryptCost: 6,
  limits: { login: { calls: DEFAULT_LIMITS.login.calls, rules: slowly } },
  bounds: { passwordsWaiting: 9, passwordsWaitingPerNetwork: 3 },
});

const from = (address: string, request: supertest.Test) => request.set('X-Forwarded-For', address);
const refresh = (address: string) =>
  from(address, sites.post('/api/token/refresh/', { refresh: 'bad' }));

test('a /48 may send eight times what one of its networks may', async () => {
  for (let network = 1; network <= 8; network += 1) {
    for (let n = 0; n < MOST; n += 1) await refresh(`2001:db8:48:${network}::${n}`).expect(401);
  }
  expectError(await refresh('2001:db8:48:1::9'), 429, 'throttled');
  expectError(await refresh('2001:db8:48:9::1'), 429, 'throttled');
  await refresh('2001:db8:49:9::1').expect(401);
});

test('the campaigns of all parents at one client address are counted together', async () => {
  const open = async (address: string) => {
    const parent = await registerParent(sites);
    const child = await addChild(sites, parent);
    const path = `/children/${child.id}/campaigns/`;
    return from(
      address,
      sites.post(
        path,
        { title: 'Skates', description: 'Mine are too small.', goal: 90, category: 'sports' },
        parent.access,
      ),
    );
  };
  for (let n = 0; n < MOST; n += 1) expect((await open('192.0.2.80')).status).toBe(201);
  expectError(await open('192.0.2.80'), 429, 'throttled');
  expect((await open('192.0.2.81')).status).toBe(201);
});

const logIn = (of: Api, address: string, email: string, password = 'not the password') =>
  from(address, of.post('/api/token/', { email, password }));

/** The guesses that were compared. */
const compared = (statuses: number[]) => statuses.filter((status) => status === 401);

/** Guesses at other accounts until the address is refused; gives all statuses. */
async function guessOn(address: string): Promise<number[]> {
  const statuses: number[] = [];
  while (!statuses.includes(429)) {
    const guesses = Array.from({ length: 15 }, (_, n) => {
      return logIn(busy, address, `n${statuses.length + n}@example.com`);
    });
    statuses.push(...(await Promise.all(guesses)).map(({ status }) => status));
  }
  return statuses;
}

test('three addresses that guess all they can keep nobody else from signing in', async () => {
  const { email, password } = await registerParent(busy);
  const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
  const guessing = Promise.all(addresses.map(guessOn));
  for (let times = 0; times < 5; times += 1) {
    await logIn(busy, '192.0.2.4', email, password).expect(200);
  }
  for (const statuses of await guessing) {
    // 401: compared; 503: no room in the queue; 429: at the limit.
    expect(statuses.filter((status) => ![401, 429, 503].includes(status))).toEqual([]);
    expect(compared(statuses).length).toBeLessThanOrEqual(30);
  }
  await logIn(busy, '192.0.2.4', email, password).expect(200);
});
