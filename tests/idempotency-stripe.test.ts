import type supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { guestGift, openJar, registerParent, type TestParent } from './support/factories.js';
import { postKeyed } from './support/keyed.js';
import { hold, started, untilWaiting } from './support/locks.js';
import { HOUR, usePayments } from './support/paying.js';
import { StripeSaysNo } from './support/stripe/ledger.js';
import { PATIENCE } from './support/patience.js';

const payments = usePayments({ longestWait: 10_000 });
const { api } = payments;

type Jar = Awaited<ReturnType<typeof openJar>>;

let jar: Jar;
let donor: TestParent;
let sessionsBefore: number;
let requestsBefore: number;

beforeEach(async () => {
  jar = await openJar(api);
  donor = await registerParent(api);
  sessionsBefore = payments.stripe.ledger.sessions.size;
  requestsBefore = payments.stripe.requests.length;
});
afterEach(() => {
  api.clock.now = null;
});

const path = () => `/campaigns/${jar.campaign.id}/donations/`;
const give = (fields: object = {}) =>
  postKeyed(api, 'once', path(), { amount: 25, ...fields }, donor.access);
const change = (fields: object) =>
  api.patch(`/campaigns/${jar.campaign.id}/`, fields, jar.parent.access).expect(200);
const newSessions = () => payments.stripe.ledger.sessions.size - sessionsBefore;
const newCalls = () => payments.stripe.requests.length - requestsBefore;

const statuses = async () =>
  (
    await api.database.sql<{ status: string }>(
      'SELECT status FROM donations WHERE campaign_id = $1 ORDER BY id',
      [jar.campaign.id],
    )
  ).map(({ status }) => status);

/** What is remembered of the requests of this test: their statuses, null for one without an answer. */
const remembered = async () =>
  (
    await api.database.sql<{ status: number | null; leased: boolean }>(
      `SELECT status, leased_until IS NOT NULL AS leased FROM idempotent_requests WHERE campaign_id = $1`,
      [jar.campaign.id],
    )
  ).map((row) => row);

const lease = (interval: string) =>
  api.database.sql(
    'UPDATE idempotent_requests SET leased_until = now() + $1::interval WHERE campaign_id = $2',
    [interval, jar.campaign.id],
  );

/** Nobody sees a gift that has no page to be paid at. */
async function expectUnseen(): Promise<void> {
  expect((await api.get(path()).expect(200)).body).toEqual([]);
  expect((await api.get(path(), jar.parent.access).expect(200)).body).toEqual([]);
  expect((await api.get('/donations/', donor.access).expect(200)).body).toEqual([]);
  const { body } = await api.get(`/campaigns/${jar.campaign.id}/`, jar.parent.access).expect(200);
  expect(body.donations).toEqual([]);
}

function expectAway({ status, body, headers }: supertest.Response): void {
  expect(status, JSON.stringify(body)).toBe(503);
  expect(body.code).toBe('unavailable');
  expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
}

function expectInFlight({ status, body }: supertest.Response): void {
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'idempotency_in_flight' });
}

/** The key is answered with a gift that is to be paid, and from then on with the same. */
async function expectBegun(gifts: string[]): Promise<supertest.Response> {
  const answer = await give().expect(201);
  expect(answer.headers).not.toHaveProperty('idempotent-replayed');
  const { id, status, checkout_url: url } = answer.body;
  expect(status).toBe('pending');
  const sessions = [...payments.stripe.ledger.sessions.values()];
  expect(sessions.find((one) => one.url === url)?.metadata).toMatchObject({
    donation_id: String(id),
  });
  const replay = await give().expect(201);
  expect(replay.text).toBe(answer.text);
  expect(replay.headers['idempotent-replayed']).toBe('true');
  expect(await statuses()).toEqual(gifts);
  expect(await remembered()).toEqual([{ status: 201, leased: false }]);
  const history = (await api.get('/donations/', donor.access).expect(200)).body;
  expect(history.map((gift: { id: number }) => gift.id)).toEqual([id]);
  return answer;
}

test('the page to pay at is answered again, and the gift is paid there once', async () => {
  const { body } = await expectBegun(['pending']);
  expect(newSessions()).toBe(1);
  expect(newCalls()).toBe(1);
  const session = [...payments.stripe.ledger.sessions.values()].at(-1)!;
  await payments.pay({ id: body.id, sessionId: session.id });
  expect((await give().expect(201)).body).toEqual(body);
  expect(await payments.totals(jar.campaign)).toMatchObject({ total: 25, gifts: 1 });
});

describe('while Stripe is away: 503, and the same key goes on when it is back', () => {
  test.each([
    ['answers 500', { status: 500 }, 1],
    ['answers 500 and has done it', { status: 500, done: true as const }, 1],
    ['loses its answer', { drop: true as const }, 1],
  ])('it %s', async (_name, fault, sessions) => {
    payments.stripe.next(fault);
    expectAway(await give());
    expect(await remembered()).toEqual([{ status: null, leased: false }]);
    await expectUnseen();
    await expectBegun(['pending']);
    expect(newSessions()).toBe(sessions);
  });

  test('it refuses connections', async () => {
    await payments.stripe.away();
    expectAway(await give());
    expectAway(await give());
    await give({ amount: 30 }).expect(422);
    await expectUnseen();
    await payments.stripe.back();
    await expectBegun(['pending']);
    expect(newSessions()).toBe(1);
  });

  test('for a guest as well', async () => {
    payments.stripe.next({ status: 503 });
    const once = () => postKeyed(api, 'guest', path(), guestGift());
    expectAway(await once());
    const { text } = await once().expect(201);
    expect((await once().expect(201)).text).toBe(text);
    expect(await statuses()).toEqual(['pending']);
  });

  test('without a key, another attempt is another gift', async () => {
    payments.stripe.next({ status: 500 });
    expectAway(await api.post(path(), { amount: 25 }, donor.access));
    await expectUnseen();
    await api.post(path(), { amount: 25 }, donor.access).expect(201);
    expect(await statuses()).toEqual(['pending', 'pending']);
    expect(newSessions()).toBe(1);
  });
});

describe('one at a time', () => {
  test('twenty at once, while Stripe is slow, are one gift and one page', async () => {
    let answer = () => {};
    payments.stripe.next({ delay: new Promise<void>((resolve) => (answer = resolve)) });
    const answers: supertest.Response[] = [];
    const all = Array.from({ length: 20 }, async () => answers.push(await give()));
    await vi.waitFor(() => expect(answers).toHaveLength(19), { timeout: PATIENCE, interval: 10 });
    answers.forEach(expectInFlight);
    answer();
    await Promise.all(all);
    expect(answers.at(-1)!.status).toBe(201);
    expect((await give().expect(201)).text).toBe(answers.at(-1)!.text);
    expect(await statuses()).toEqual(['pending']);
    expect(newSessions()).toBe(1);
    expect(newCalls()).toBe(1);
  });

  test('whoever began has it until the lease ends; then the next goes on', async () => {
    payments.stripe.next({ status: 500 });
    expectAway(await give());
    await lease('10 seconds');
    expectInFlight(await give());
    await lease('-1 second');
    await expectBegun(['pending']);
    expect(newSessions()).toBe(1);
  });

  test('of two who come when the lease has ended, one goes on', async () => {
    payments.stripe.next({ status: 500 });
    expectAway(await give());
    await lease('-1 second');
    const holder = await hold(
      api,
      'SELECT FROM idempotent_requests WHERE campaign_id = $1 FOR UPDATE',
      [jar.campaign.id],
    );
    let answer = () => {};
    payments.stripe.next({ delay: new Promise<void>((resolve) => (answer = resolve)) });
    const both = [started(give()), started(give())];
    await untilWaiting(api, 2);
    await holder.release();
    expectInFlight(await Promise.race(both));
    answer();
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(newCalls()).toBe(2);
    expect(await statuses()).toEqual(['pending']);
  });

  test('who was stalled past the lease does not undo what others did with the key', async () => {
    payments.stripe.next({ status: 500 });
    expectAway(await give());
    let answer = () => {};
    payments.stripe.next({
      status: 500,
      delay: new Promise<void>((resolve) => (answer = resolve)),
    });
    const stalled = started(give());
    await vi.waitFor(() => expect(newCalls()).toBe(2), { timeout: PATIENCE, interval: 10 });
    await payments.reconcile(2 * HOUR);
    await lease('-1 second');
    payments.stripe.next({ status: 500 });
    expectAway(await give());
    await lease('10 seconds');
    answer();
    expectAway(await stalled);
    expect(await remembered()).toEqual([{ status: null, leased: true }]);
    expect(await statuses()).toEqual(['expired', 'pending']);
  });
});

describe('what can not be finished is begun anew with the same key', () => {
  test('a gift that has expired meanwhile', async () => {
    await payments.stripe.away();
    expectAway(await give());
    await payments.reconcile(2 * HOUR);
    expect(await statuses()).toEqual(['expired']);
    await payments.stripe.back();
    await expectBegun(['expired', 'pending']);
    expect(newSessions()).toBe(1);
  });

  test('a gift that Stripe has under another title: that page was never shown', async () => {
    payments.stripe.next({ drop: true });
    expectAway(await give());
    await change({ title: 'A cello' });
    await expectBegun(['expired', 'pending']);
    expect(newSessions()).toBe(2);
  });

  test('a gift of the day before', async () => {
    payments.stripe.next({ status: 500 });
    expectAway(await give());
    api.clock.now = new Date(Date.now() + 24 * HOUR + 1000);
    const session = { email: donor.email, password: donor.password };
    const { access } = (await api.post('/api/token/', session).expect(200)).body;
    donor = { ...donor, access };
    await expectBegun(['pending', 'pending']);
    expect(newSessions()).toBe(1);
  });
});

describe('a refusal that comes after the beginning is remembered', () => {
  test('of Stripe', async () => {
    vi.spyOn(payments.stripe.ledger, 'openSession').mockImplementationOnce(() => {
      throw new StripeSaysNo(402, { type: 'card_error', message: 'No', code: 'card_declined' });
    });
    const first = await give().expect(409);
    expect(first.body.code).toBe('payment_refused');
    const replay = await give().expect(409);
    expect(replay.text).toBe(first.text);
    expect(replay.headers['idempotent-replayed']).toBe('true');
    expect(await statuses()).toEqual(['failed']);
    expect(newSessions()).toBe(0);
    await expectUnseen();
  });

  test('of a campaign that has closed meanwhile', async () => {
    payments.stripe.next({ status: 500 });
    expectAway(await give());
    await change({ is_open: false });
    const first = await give().expect(409);
    expect(first.body.code).toBe('campaign_closed');
    await change({ is_open: true });
    const replay = await give().expect(409);
    expect(replay.text).toBe(first.text);
    expect(await statuses()).toEqual(['expired']);
    expect(newSessions()).toBe(0);
  });
});

test('what was begun for a campaign that is deleted is remembered no more', async () => {
  payments.stripe.next({ status: 500 });
  expectAway(await give());
  await api.delete(`/campaigns/${jar.campaign.id}/`, jar.parent.access).expect(204);
  await give().expect(404);
  expect(await remembered()).toEqual([]);
});
