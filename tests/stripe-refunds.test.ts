import { describe, expect, test, vi } from 'vitest';
import { openJar, type TestParent } from './support/factories.js';
import { HOUR, usePayments } from './support/paying.js';

const payments = usePayments();
const { api } = payments;

/** A gift of 25 that was paid, and what can be seen of it. */
async function paidJar() {
  const { parent, campaign } = await openJar(api);
  const gift = await payments.give(campaign);
  const seen = async () => {
    const { total, gifts } = await payments.totals(campaign);
    const course = await payments.course(campaign, parent, gift.id);
    return { refunded: course!.refunded_amount, total, gifts };
  };
  const refund = async (body: object = {}) => {
    const path = `/donations/${gift.id}/refunds/`;
    return (await api.post(path, body, parent.access).expect(201)).body as { id: number };
  };
  const states = async () =>
    (await refundsOf(gift.id, parent)).map(({ status, amount_minor: amount }) => [status, amount]);
  return { parent, campaign, gift, seen, refund, states };
}

const refundsOf = async (id: number, { access }: TestParent) =>
  (await api.get(`/donations/${id}/refunds/`, access).expect(200)).body as {
    status: string;
    amount: number;
    amount_minor: number;
  }[];

const requestsToRefund = (paymentIntent: string) =>
  payments.stripe.requests.filter(
    ({ path, method, params }) =>
      method === 'POST' && path === '/v1/refunds' && params['payment_intent'] === paymentIntent,
  );

describe('a refund on the dashboard', () => {
  test('in cents: what went back is rounded up, what is left down', async () => {
    const { parent, gift, seen, states, refund } = await paidJar();
    await payments.deliver(...payments.stripe.refund(gift.paymentIntent, 1_050));
    expect(await seen()).toEqual({ refunded: 11, total: 14, gifts: 1 });
    expect(await refundsOf(gift.id, parent)).toMatchObject([
      { amount: 11, amount_minor: 1_050, status: 'succeeded' },
    ]);
    await refund();
    await payments.sendRefunds();
    expect(await states()).toEqual([
      ['succeeded', 1_450],
      ['succeeded', 1_050],
    ]);
    expect(payments.stripe.refunded(gift.id)).toBe(2_500);
    expect(await seen()).toEqual({ refunded: 25, total: 0, gifts: 0 });
  });

  test('more than what is left in whole units is too much, to the cent', async () => {
    const { parent, gift } = await paidJar();
    await payments.deliver(...payments.stripe.refund(gift.paymentIntent, 1));
    const path = `/donations/${gift.id}/refunds/`;
    const { body } = await api.post(path, { amount: 25 }, parent.access).expect(409);
    expect(body.code).toBe('refund_too_large');
    await api.post(path, { amount: 24 }, parent.access).expect(201);
  });

  test('the total of a campaign is rounded once, and not for each gift', async () => {
    const { parent, campaign, gift, seen } = await paidJar();
    const other = await payments.give(campaign, { amount: 10 });
    for (const { paymentIntent } of [gift, other])
      await payments.deliver(...payments.stripe.refund(paymentIntent, 50));
    expect(await seen()).toEqual({ refunded: 1, total: 34, gifts: 2 });
    const { body } = await api.get('/parents/me/', parent.access).expect(200);
    expect(body.children[0].campaigns[0]).toMatchObject({
      total_raised: 34,
      percentage_raised: 8.5,
    });
  });

  test('many of them, in many events at once, count once each', async () => {
    const { gift, seen, states } = await paidJar();
    const events = [100, 200, 300].flatMap((amount) =>
      payments.stripe.refund(gift.paymentIntent, amount),
    );
    await Promise.all([...events, ...events].map((event) => payments.deliver(event)));
    expect(await seen()).toEqual({ refunded: 6, total: 19, gifts: 1 });
    expect((await states()).map(([, amount]) => amount).sort()).toEqual([100, 200, 300]);
  });

  test('at the same time as one of ours: never more than there is', async () => {
    const { gift, seen, states, refund } = await paidJar();
    const events = payments.stripe.refund(gift.paymentIntent, 2_000);
    await refund({ amount: 10 });
    expect(await seen()).toEqual({ refunded: 10, total: 15, gifts: 1 });
    await Promise.all([payments.sendRefunds(), ...events.map((event) => payments.deliver(event))]);
    expect(payments.stripe.refunded(gift.id)).toBe(2_000);
    expect(await seen()).toEqual({ refunded: 20, total: 5, gifts: 1 });
    expect((await states()).sort()).toEqual([
      ['failed', 1_000],
      ['succeeded', 2_000],
    ]);
  });
});

describe('a refund of ours', () => {
  test('is sent with its amount and our ids, and no reason', async () => {
    const { gift, refund, states } = await paidJar();
    const { id } = await refund({ amount: 10, reason: 'Zz-reason' });
    expect(await states()).toEqual([['pending', 1_000]]);
    await payments.sendRefunds();
    expect(requestsToRefund(gift.paymentIntent)).toMatchObject([
      {
        params: {
          payment_intent: gift.paymentIntent,
          amount: '1000',
          'metadata[refund_id]': String(id),
          'metadata[donation_id]': String(gift.id),
        },
        idempotencyKey: expect.stringMatching(new RegExp(`^dreamjar-refund-${id}-\\d+$`)),
      },
    ]);
    expect(JSON.stringify(payments.stripe.requests)).not.toContain('Zz-');
    expect(await states()).toEqual([['succeeded', 1_000]]);
  });

  test.each([
    ['once, though the answer was lost', { drop: true }],
    ['once, though Stripe stumbled over it', { status: 500, done: true, kept: true }],
    ['though Stripe was busy', { status: 429 }],
    ['though Stripe was broken', { status: 500 }],
  ] as const)('goes out %s', async (_how, fault) => {
    const { gift, refund, states, seen } = await paidJar();
    await refund({ amount: 10 });
    // The first call lists what there is, the second refunds.
    payments.stripe.next({});
    payments.stripe.next(fault);
    await payments.sendRefunds();
    expect(await states()).toEqual([['pending', 1_000]]);
    await payments.sendRefunds();
    expect(payments.stripe.refunded(gift.id)).toBe(1_000);
    expect(await states()).toEqual([['succeeded', 1_000]]);
    expect(await seen()).toEqual({ refunded: 10, total: 15, gifts: 1 });
  });

  test('waits while Stripe is away', async () => {
    const { gift, refund, states } = await paidJar();
    await refund();
    await payments.stripe.away();
    await payments.sendRefunds();
    expect(await states()).toEqual([['pending', 2_500]]);
    await payments.stripe.back();
    await payments.sendRefunds();
    expect(payments.stripe.refunded(gift.id)).toBe(2_500);
  });

  test('that Stripe refuses has failed: the money counts again, and nobody is asked twice', async () => {
    const { gift, refund, states, seen } = await paidJar();
    await refund({ amount: 10 });
    // A dispute is open at the bank, of which nobody has told us.
    payments.stripe.loseDispute(gift.paymentIntent, 100);
    await payments.sendRefunds();
    expect(await states()).toEqual([['failed', 1_000]]);
    expect(await seen()).toEqual({ refunded: 0, total: 25, gifts: 1 });
    await payments.sendRefunds();
    await payments.reconcile(2 * HOUR);
    await payments.sendRefunds();
    expect(requestsToRefund(gift.paymentIntent)).toHaveLength(1);
  });

  test('of which Stripe says what is not understood stays pending, and is asked about a day later', async () => {
    const { refund, states } = await paidJar();
    const { id } = await refund();
    const odd = { id: 're_odd', amount: 100, status: 'lost', metadata: {} };
    vi.spyOn(payments.stripe.ledger, 'refundsOf').mockReturnValueOnce([odd as never]);
    const start = api.logged.length;
    await payments.sendRefunds();
    expect(await states()).toEqual([['pending', 2_500]]);
    const [job] = await api.database.sql(
      `SELECT attempts, run_at > now() + interval '23 hours' AS tomorrow
         FROM graphile_worker.jobs WHERE key = $1`,
      [`refund ${id}`],
    );
    expect(job).toEqual({ attempts: 0, tomorrow: true });
    const errors = api.logged.slice(start).filter((line) => line.includes('"level":50'));
    expect(errors.map((line) => JSON.parse(line))).toMatchObject([{ refundId: id }]);
    await payments.sendRefunds();
    expect(await states()).toEqual([['succeeded', 2_500]]);
  });

  test.each([
    ['succeeds', true, ['succeeded', 1_000], { refunded: 10, total: 15, gifts: 1 }],
    ['fails', false, ['failed', 1_000], { refunded: 0, total: 25, gifts: 1 }],
  ] as const)('that begins pending %s when Stripe says so', async (_how, ok, state, ends) => {
    const { gift, refund, states, seen } = await paidJar();
    payments.stripe.refundsBegin = 'pending';
    await refund({ amount: 10 });
    await payments.sendRefunds();
    payments.stripe.refundsBegin = 'succeeded';
    expect(await states()).toEqual([['pending', 1_000]]);
    expect(await seen()).toEqual({ refunded: 10, total: 15, gifts: 1 });
    const [made] = payments.stripe.ledger.refundsOf({ id: gift.paymentIntent });
    await payments.deliver(...payments.stripe.settleRefund(made!.id, ok));
    expect(await states()).toEqual([state]);
    expect(await seen()).toEqual(ends);
  });

  test.each([['in order'], ['in reverse']])(
    'that succeeded and then failed at the bank ends failed, told %s',
    async (order) => {
      const { gift, refund, states, seen } = await paidJar();
      payments.stripe.refundsBegin = 'pending';
      await refund({ amount: 10 });
      const told = payments.stripe.ledger.events.length;
      await payments.sendRefunds();
      payments.stripe.refundsBegin = 'succeeded';
      const [made] = payments.stripe.ledger.refundsOf({ id: gift.paymentIntent });
      payments.stripe.settleRefund(made!.id, true);
      payments.stripe.settleRefund(made!.id, false);
      const events = payments.stripe.ledger.events.slice(told);
      await payments.deliver(...(order === 'in order' ? events : events.reverse()));
      expect(await states()).toEqual([['failed', 1_000]]);
      expect(await seen()).toEqual({ refunded: 0, total: 25, gifts: 1 });
    },
  );

  test('is told by an event before Stripe has answered: still one refund', async () => {
    const { gift, refund, states } = await paidJar();
    await refund({ amount: 10 });
    payments.stripe.next({});
    payments.stripe.next({ drop: true });
    const told = payments.stripe.ledger.events.length;
    await payments.sendRefunds();
    await payments.deliver(...payments.stripe.ledger.events.slice(told));
    expect(await states()).toEqual([['succeeded', 1_000]]);
    await payments.sendRefunds();
    expect(await states()).toEqual([['succeeded', 1_000]]);
    expect(payments.stripe.refunded(gift.id)).toBe(1_000);
  });
});

describe('a lost dispute', () => {
  test('takes the gift back, and leaves nothing to refund', async () => {
    const { parent, gift, seen, states } = await paidJar();
    const event = payments.stripe.loseDispute(gift.paymentIntent);
    await payments.deliver(event, { ...event, id: 'evt_told_again' });
    expect(await states()).toEqual([['succeeded', 2_500]]);
    expect(await seen()).toEqual({ refunded: 25, total: 0, gifts: 0 });
    await api.post(`/donations/${gift.id}/refunds/`, {}, parent.access).expect(409);
  });

  test('after a part was refunded takes no more than there was', async () => {
    const { gift, seen } = await paidJar();
    await payments.deliver(...payments.stripe.refund(gift.paymentIntent, 1_000));
    await payments.deliver(payments.stripe.loseDispute(gift.paymentIntent));
    expect(await seen()).toEqual({ refunded: 25, total: 0, gifts: 0 });
  });

  test('of more than was ever paid takes the gift and no more', async () => {
    const { gift, seen, states } = await paidJar();
    await payments.deliver(payments.stripe.loseDispute(gift.paymentIntent, 10_000_001));
    expect(await states()).toEqual([['succeeded', 2_500]]);
    expect(await seen()).toEqual({ refunded: 25, total: 0, gifts: 0 });
  });

  test('of another currency, or one that was won, takes nothing', async () => {
    const { gift, seen } = await paidJar();
    const { data, ...event } = payments.stripe.loseDispute(gift.paymentIntent);
    const changes = [{ currency: 'eur' }, { status: 'won' }, { status: 'warning_closed' }];
    for (const [i, change] of changes.entries()) {
      const object = { ...data.object, ...change };
      await payments.deliver({ ...event, id: `${event.id}_${i}`, data: { object } });
    }
    expect(await seen()).toEqual({ refunded: 0, total: 25, gifts: 1 });
    const { id: disputeId } = data.object as { id: string };
    const lines = api.logged.filter((line) => line.includes(disputeId));
    const errors = lines.filter((line) => line.includes('"level":50'));
    expect(errors.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 50, donationId: gift.id, currency: 'eur' }),
    ]);
  });
});
