import { randomUUID } from 'node:crypto';
import type supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Context } from '../src/context.js';
import { Refusal } from '../src/core/errors.js';
import { answerOnce } from '../src/http/api/idempotency.js';
import { SHORT_DATABASE } from './support/figures.js';
import { useApi, type Api } from './support/api.js';
import { guestGift, openJar, registerParent, yearsAgo } from './support/factories.js';
import { postKeyed, rememberedRequests } from './support/keyed.js';
import { hold, holdCampaign, started, untilWaiting } from './support/locks.js';
import { outboxEmpty } from './support/outbox.js';
import { openSwitchableProxy, type SwitchableProxy } from './support/switchable-proxy.js';
import { SETTINGS } from './support/worker.js';
import { PATIENCE } from './support/patience.js';

/** How often a key is posted in parallel, and for how many keys: a whole run takes a thousand. */
const PARALLEL = 20;
const ROUNDS = Number(process.env['IDEMPOTENCY_ROUNDS'] ?? 8);

let proxy: SwitchableProxy;
afterAll(() => proxy.close());

const api = useApi({ waits: { database: SHORT_DATABASE } });
const narrow = useApi({ poolSize: 1 });
const proxied = useApi({
  through: async (url) => {
    proxy = await openSwitchableProxy(url);
    return proxy.url;
  },
});

type Jar = Awaited<ReturnType<typeof openJar>>;

let jar: Jar;
beforeAll(async () => {
  jar = await openJar(api);
});

const pathOf = ({ campaign }: Jar) => `/campaigns/${campaign.id}/donations/`;
const give = (of: Api, to: Jar, key: string, token?: string) =>
  postKeyed(of, key, pathOf(to), guestGift(), token);
const countOfGifts = async (of: Api, to: Jar) =>
  (await of.get(pathOf(to)).expect(200)).body.length as number;

function expectInFlight({ status, body, headers }: supertest.Response): void {
  expect(status, JSON.stringify(body)).toBe(409);
  expect(body).toEqual({ detail: expect.any(String), code: 'idempotency_in_flight' });
  expect(headers).not.toHaveProperty('idempotent-replayed');
}

function expectUnavailable({ status, body, headers }: supertest.Response): void {
  expect(status, JSON.stringify(body)).toBe(503);
  expect(body.code).toBe('unavailable');
  expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
}

describe('in flight', () => {
  test('the same request is refused until the first has its answer', async () => {
    const to = await openJar(api);
    const holder = await holdCampaign(api, to.campaign);
    const first = started(give(api, to, 'flying'));
    await untilWaiting(api, 1);
    expectInFlight(await give(api, to, 'flying'));
    expectInFlight(await give(api, to, 'flying'));
    const another = started(give(api, to, 'another'));
    await untilWaiting(api, 2);
    await holder.release();
    const answer = await first;
    expect(answer.status).toBe(201);
    const replay = await give(api, to, 'flying').expect(201);
    expect(replay.text).toBe(answer.text);
    expect(replay.headers['idempotent-replayed']).toBe('true');
    expect((await another).status).toBe(201);
    expect(await countOfGifts(api, to)).toBe(2);
  });

  test('a refusal of the rules is remembered for those who come after it', async () => {
    const to = await openJar(api);
    const holder = await hold(api, 'UPDATE campaigns SET is_open = false WHERE id = $1', [
      to.campaign.id,
    ]);
    const first = started(give(api, to, 'refused'));
    await untilWaiting(api, 1);
    expectInFlight(await give(api, to, 'refused'));
    await holder.release();
    expect((await first).body.code).toBe('campaign_closed');
    const replay = await give(api, to, 'refused').expect(409);
    expect(replay.text).toBe((await first).text);
    expect(replay.headers['idempotent-replayed']).toBe('true');
  });
});

describe('an attempt that is killed leaves nothing, and the key is done by the next', () => {
  const until = async (to: Jar, of: Api, key: string) => {
    const before = await rememberedRequests(of);
    expect(await countOfGifts(of, to)).toBe(0);
    // PostgreSQL may need a moment to see that nobody listens any more.
    await vi.waitFor(async () => give(of, to, key).expect(201), {
      timeout: PATIENCE,
      interval: 50,
    });
    expect(await countOfGifts(of, to)).toBe(1);
    expect(await rememberedRequests(of)).toHaveLength(before.length + 1);
  };

  test('by a lock that is not given', async () => {
    const to = await openJar(api);
    const holder = await holdCampaign(api, to.campaign);
    expectUnavailable(await give(api, to, 'timed out'));
    await holder.release();
    await until(to, api, 'timed out');
  });

  test('by a connection that breaks', async () => {
    const to = await openJar(proxied);
    const holder = await holdCampaign(proxied, to.campaign);
    const first = started(give(proxied, to, 'cut'));
    await untilWaiting(proxied, 1);
    proxy.cut();
    expectUnavailable(await first);
    await holder.release();
    await until(to, proxied, 'cut');
  });

  test('by PostgreSQL, with a gift already stored', async () => {
    const to = await openJar(api);
    const donor = await registerParent(api);
    const holder = await hold(api, 'LOCK idempotent_requests IN SHARE ROW EXCLUSIVE MODE');
    const first = started(give(api, to, 'ended', donor.access));
    const [pid] = await untilWaiting(api, 1);
    await api.database.sql('SELECT pg_terminate_backend($1)', [pid]);
    expectUnavailable(await first);
    await holder.release();
    await until(to, api, 'ended');
  });
});

test('what a refused attempt has written is undone; its refusal is remembered', async () => {
  const ctx = { now: new Date(), db: api.db, settings: SETTINGS, parent: null } as Context;
  const attempt = () =>
    answerOnce(
      ctx,
      { key: 'undone', route: 'POST /', params: {}, body: {} },
      {
        parse: () => Promise.resolve({}),
        begin: async ({ db }) => {
          await db.prisma.rateLimit.create({ data: { key: 'an attempt' } });
          throw new Refusal('campaign_closed', 'No.');
        },
        finish: () => Promise.resolve(null),
        tellsOf: () => ({}),
      },
    );
  await expect(attempt()).rejects.toThrow('No.');
  expect(await api.database.sql(`SELECT FROM rate_limits WHERE key = 'an attempt'`)).toEqual([]);
  expect(await attempt()).toMatchObject({ status: 409, repeated: expect.any(String) as string });
});

test('a campaign that goes while its answer is stored takes the answer along', async () => {
  const to = await openJar(api, { is_open: false });
  const holder = await hold(api, 'LOCK idempotent_requests IN SHARE ROW EXCLUSIVE MODE');
  const first = started(give(api, to, 'gone'));
  await untilWaiting(api, 1);
  await holder.sql('DELETE FROM campaigns WHERE id = $1', [to.campaign.id]);
  await holder.release();
  expectUnavailable(await first);
  await give(api, to, 'gone').expect(404);
});

test('a donor whose account ends meanwhile gives nothing', async () => {
  const to = await openJar(api);
  const donor = await registerParent(api);
  const holder = await hold(api, 'DELETE FROM parents WHERE id = $1', [donor.id]);
  const first = started(give(api, to, 'leaving', donor.access));
  await untilWaiting(api, 1);
  await holder.release();
  expect((await first).body.code).toBe('token_not_valid');
  expect(await countOfGifts(api, to)).toBe(0);
});

test('a refund and the end of its parent’s account, in either order, never wait for each other', async () => {
  const pair = async (refundFirst: boolean) => {
    const { parent, campaign } = await openJar(api);
    const { body: gift } = await give(api, { campaign } as Jar, randomUUID()).expect(201);
    await api.patch(`/campaigns/${campaign.id}/`, { is_open: false }, parent.access).expect(200);
    const path = `/donations/${gift.id}/refunds/`;
    const refund = () => postKeyed(api, randomUUID(), path, { amount: 5 }, parent.access);
    const leave = () => api.delete('/parents/me/', parent.access);
    const holder = await holdCampaign(api, campaign);
    const first = started(refundFirst ? refund() : leave());
    await untilWaiting(api, 1);
    const second = started(refundFirst ? leave() : refund());
    await untilWaiting(api, 2);
    await holder.release();
    return [(await first).status, (await second).status];
  };
  for (let pairs = 0; pairs < 5; pairs += 1) {
    expect(await pair(true)).toEqual([201, 204]);
    expect(await pair(false)).toEqual([204, 403]);
  }
  expect(await countOfDeadlocks()).toBe(0);
});

/** A connection tells what it has counted at its end at the latest, so the API's are ended first. */
async function countOfDeadlocks(): Promise<number> {
  const ofApi = "datname = current_database() AND application_name = 'dreamjar'";
  await api.database.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApi}`);
  const connected = () => api.database.sql(`SELECT FROM pg_stat_activity WHERE ${ofApi}`);
  await expect.poll(connected, { interval: 20 }).toEqual([]);
  const [row] = await api.database.sql<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return row!.deadlocks;
}

test('one connection is enough for a request, with all that it does', async () => {
  const { parent, child, campaign } = await openJar(narrow);
  const once = (path: string, body: object) =>
    postKeyed(narrow, 'narrow', path, body, parent.access).expect(201);
  const { body: gift } = await once(`/campaigns/${campaign.id}/donations/`, { amount: 5 });
  await once('/parents/me/children/', { name: 'Ben', date_of_birth: yearsAgo(7) });
  await once(`/children/${child.id}/campaigns/`, {
    title: 'Boots',
    description: 'Red.',
    goal: 90,
    category: 'sports',
  });
  await once(`/donations/${gift.id}/refunds/`, { amount: 1 });
});

describe(`${PARALLEL} at once`, () => {
  const connected = { 'Content-Type': 'application/json' };

  /** Posts by connections that are kept: thousands of new ones would use up the machine's ports. */
  async function post(key: string, token?: string) {
    const response = await fetch(api.address + pathOf(jar), {
      method: 'POST',
      headers: {
        ...connected,
        'Idempotency-Key': key,
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(guestGift({ amount: 7 })),
    });
    return { status: response.status, text: await response.text() };
  }

  function expectOneAnswer(answers: { status: number; text: string }[]): void {
    const done = answers.filter(({ status }) => status === 201);
    expect(done.length).toBeGreaterThan(0);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    for (const { status, text } of answers.filter((one) => one.status !== 201)) {
      expect({ status, text }).toMatchObject({
        status: 409,
        text: expect.stringContaining('"code":"idempotency_in_flight"') as string,
      });
    }
  }

  async function stored() {
    await outboxEmpty(api.database);
    const [row] = await api.database.sql<{
      gifts: number;
      sum: number;
      total: number;
      mails: number;
    }>(
      `SELECT count(*)::int AS gifts, sum(d.amount)::int AS sum, max(c.total_raised)::int AS total,
              (SELECT count(DISTINCT key)::int FROM graphile_worker.jobs
                WHERE key ~ '^gift_(receipt|notice) ') AS mails
         FROM donations d JOIN campaigns c ON c.id = d.campaign_id WHERE c.id = $1`,
      [jar.campaign.id],
    );
    return row!;
  }

  test(
    `posts of each of ${ROUNDS} keys are one gift`,
    async () => {
      jar = await openJar(api);
      const donor = await registerParent(api);
      const { mails } = await stored();
      for (let round = 0; round < ROUNDS; round += 1) {
        const key = randomUUID();
        const token = round % 2 ? donor.access : undefined;
        expectOneAnswer(
          await Promise.all(Array.from({ length: PARALLEL }, () => post(key, token))),
        );
      }
      const sum = ROUNDS * 7;
      expect(await stored()).toEqual({
        gifts: ROUNDS,
        sum,
        total: sum,
        mails: mails + ROUNDS * 2,
      });
    },
    30_000 + ROUNDS * 500,
  );

  test('keys do not stand in each other’s way', async () => {
    jar = await openJar(api);
    const keys = Array.from({ length: PARALLEL }, () => randomUUID());
    const answers = await Promise.all(
      keys.map((key) => Promise.all([post(key), post(key), post(key)])),
    );
    answers.forEach(expectOneAnswer);
    expect(await stored()).toMatchObject({ gifts: PARALLEL, total: PARALLEL * 7 });
  });
});
