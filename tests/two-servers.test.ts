import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { useApi, type Api } from './support/api.js';
import { donate, guestGift, openJar, registerParent } from './support/factories.js';
import { postKeyed } from './support/keyed.js';
import { openSmtp, type TestSmtp } from './support/smtp.js';
import { openWorkplace, type Workplace } from './support/worker.js';
import { PATIENCE, SOON } from './support/patience.js';

/** Two servers with pools and caches of their own, as two machines have them, on one database. */
const one = useApi({ caching: true });
const two = useApi({ caching: true, on: () => one.database });
/** The same, with limits. */
const strictOne = useApi({ caching: true, rateLimit: true, on: () => one.database });
const strictTwo = useApi({ caching: true, rateLimit: true, on: () => one.database });

const DONE = { timeout: PATIENCE, interval: 20 };

const both: [string, Api, Api][] = [
  ['the first', one, two],
  ['the second', two, one],
];

describe.each(both)('a parent at %s', (_name, here, there) => {
  test('is known at the other at once, and no more once the session ends', async () => {
    const parent = await registerParent(here);
    await there.get('/parents/me/', parent.access).expect(200);
    await here.post('/api/token/blacklist/', { refresh: parent.refresh }).expect(200);
    await there.get('/parents/me/', parent.access).expect(401);
    await there.get('/campaigns/', parent.access).expect(401);
    await there.post('/api/token/refresh/', { refresh: parent.refresh }).expect(401);
  });

  test('is no more once the account ends at the other', async () => {
    const parent = await registerParent(here);
    await here.get('/parents/me/', parent.access).expect(200);
    await there.delete('/parents/me/', parent.access).expect(204);
    await here.get('/parents/me/', parent.access).expect(401);
    const { email, password } = parent;
    await here.post('/api/token/', { email, password }).expect(401);
  });

  test('spends a refresh token for both', async () => {
    const { refresh } = await registerParent(here);
    const first = await here.post('/api/token/refresh/', { refresh }).expect(200);
    const again = await there.post('/api/token/refresh/', { refresh }).expect(200);
    expect(again.body.refresh).toBe(first.body.refresh);
    await there.post('/api/token/refresh/', { refresh: first.body.refresh }).expect(200);
    await here.post('/api/token/refresh/', { refresh }).expect(401);
  });

  test('sees there what was given here', async () => {
    const { parent, campaign } = await openJar(here);
    const path = `/campaigns/${campaign.id}/`;
    const seen = async () => (await there.get(path).expect(200)).body.total_raised as number;
    expect(await seen()).toBe(0);
    await donate(here, campaign, { amount: 12 });
    expect((await there.get(path, parent.access).expect(200)).body.total_raised).toBe(12);
    await vi.waitFor(async () => expect(await seen()).toBe(12), SOON);
  });
});

test('a refresh token that both are sent at once has one successor', async () => {
  const { refresh } = await registerParent(one);
  const answers = await Promise.all(
    [one, two, one, two].map((api) => api.post('/api/token/refresh/', { refresh }).expect(200)),
  );
  expect(new Set(answers.map(({ body }) => body.refresh as string)).size).toBe(1);
});

test('a key that both are sent at once gives once', async () => {
  const { campaign } = await openJar(one);
  const path = `/campaigns/${campaign.id}/donations/`;
  for (let round = 0; round < 10; round += 1) {
    const key = `round ${round} of ${campaign.id}`;
    const send = (api: Api) => postKeyed(api, key, path, guestGift());
    const answers = await Promise.all([one, two, one, two].map(send));
    const stored = answers.filter(({ status }) => status === 201);
    expect(stored.length).toBeGreaterThan(0);
    expect(new Set(stored.map(({ body }) => body.id as number)).size).toBe(1);
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const repeated = await Promise.all([send(one).expect(201), send(two).expect(201)]);
    expect(repeated.map(({ text }) => text)).toEqual([stored[0]!.text, stored[0]!.text]);
  }
  const [row] = await one.database.sql<{ gifts: number }>(
    'SELECT count(*)::int AS gifts FROM donations WHERE campaign_id = $1',
    [campaign.id],
  );
  expect(row!.gifts).toBe(10);
});

test('a campaign that closes at one takes no gift at the other', async () => {
  const { parent, campaign } = await openJar(one);
  const path = `/campaigns/${campaign.id}/`;
  await one.patch(path, { is_open: false }, parent.access).expect(200);
  await two.post(`${path}donations/`, guestGift()).expect(409);
  await two.patch(path, { is_open: true }, parent.access).expect(200);
  await one.post(`${path}donations/`, guestGift()).expect(201);
});

test('limits count at both together', async () => {
  const { email, password } = await registerParent(strictOne);
  const guess = (api: Api) => api.post('/api/token/', { email, password: 'not the password' });
  for (let times = 0; times < 5; times += 1) {
    await guess(strictOne).expect(401);
    await guess(strictTwo).expect(401);
  }
  for (const api of [strictOne, strictTwo]) {
    await api.post('/api/token/', { email, password }).expect(429);
  }
});

describe('two workers', () => {
  let place: Workplace;
  let smtp: TestSmtp;
  beforeAll(async () => {
    place = await openWorkplace();
    smtp = await openSmtp();
  });
  afterAll(async () => {
    await smtp.close();
    await place.close();
  });
  test('do each job once', async () => {
    const addresses = Array.from({ length: 40 }, (_, n) => `to-${n}@example.org`);
    for (const address of addresses) await place.enqueueMail(address);
    const workers = [1, 2].map(() => place.start({ smtpUrl: smtp.url }));
    try {
      await vi.waitFor(async () => expect(await place.jobs()).toEqual([]), DONE);
    } finally {
      await Promise.all(workers.map((worker) => worker.stop()));
    }
    expect(smtp.taken.map(({ to: [to] }) => to).sort()).toEqual([...addresses].sort());
  });
});
