import { describe, expect, test, vi } from 'vitest';
import { reconcilePayments } from '../src/features/giving/payments/reconciliation.service.js';
import { guestGift, openJar } from './support/factories.js';
import { DAY, HOUR, usePayments } from './support/paying.js';

const payments = usePayments();
const { api } = payments;

/** A gift that is to be paid, and what can be seen of it. */
async function begun() {
  const { parent, campaign } = await openJar(api);
  const gift = await payments.begin(campaign);
  const status = async () => (await payments.course(campaign, parent, gift.id))?.status;
  return { ...gift, parent, campaign, status };
}

/** Ends what other tests left pending. */
const setAside = () =>
  api.database.sql("UPDATE donations SET status = 'expired' WHERE status = 'pending'");

const questionsAbout = (sessionId: string) =>
  payments.stripe.requests.filter(({ path }) => path.endsWith(`/sessions/${sessionId}`)).length;

describe('a checkout whose news was lost', () => {
  test('is asked about after an hour, and counts if it was paid', async () => {
    const { status, campaign, ...gift } = await begun();
    payments.paySilently(gift);
    await payments.reconcile(HOUR - 60_000);
    expect(await status()).toBe('pending');
    expect(questionsAbout(gift.sessionId)).toBe(0);
    await payments.reconcile(HOUR + 60_000);
    expect(await status()).toBe('completed');
    expect(await payments.totals(campaign)).toEqual({ total: 25, gifts: 1, listed: [gift.id] });
    expect(await payments.mails(gift.id)).toEqual({ gift_receipt: 1, gift_notice: 1 });
  });

  test('has expired if it was left', async () => {
    const { status, sessionId } = await begun();
    payments.stripe.expire(sessionId);
    await payments.reconcile(25 * HOUR);
    expect(await status()).toBe('expired');
  });

  test('stays pending while the page is open, and is asked about once an hour', async () => {
    const { status, sessionId } = await begun();
    for (const minutes of [61, 66, 119]) await payments.reconcile(minutes * 60_000);
    expect(questionsAbout(sessionId)).toBe(1);
    await payments.reconcile(122 * 60_000);
    expect(questionsAbout(sessionId)).toBe(2);
    expect(await status()).toBe('pending');
  });

  test('is not asked about any more once it has ended', async () => {
    const { status, ...gift } = await begun();
    await payments.pay(gift);
    await payments.reconcile(3 * HOUR);
    expect(questionsAbout(gift.sessionId)).toBe(0);
    expect(await status()).toBe('completed');
  });

  test('found by the job and then told by its event, or found twice, is one credit', async () => {
    const { campaign, ...gift } = await begun();
    const event = payments.stripe.pay(gift.sessionId);
    await Promise.all([
      payments.reconcile(2 * HOUR),
      payments.reconcile(2 * HOUR),
      payments.deliver(event),
    ]);
    expect(await payments.totals(campaign)).toMatchObject({ total: 25, gifts: 1 });
    expect(await payments.mails(gift.id)).toEqual({ gift_receipt: 1, gift_notice: 1 });
  });

  test('of money that never arrived has failed after 14 days; should it come, it counts', async () => {
    const { status, campaign, ...gift } = await begun();
    await payments.deliver(payments.stripe.payLater(gift.sessionId));
    await payments.reconcile(14 * DAY - HOUR);
    expect(await status()).toBe('pending');
    await payments.reconcile(14 * DAY + HOUR);
    expect(await status()).toBe('failed');
    await payments.deliver(payments.stripe.settle(gift.sessionId, true));
    expect(await status()).toBe('completed');
    expect(await payments.totals(campaign)).toMatchObject({ total: 25, gifts: 1 });
  });

  test('that arrived on the last day counts', async () => {
    const { status, ...gift } = await begun();
    await payments.deliver(payments.stripe.payLater(gift.sessionId));
    payments.stripe.settle(gift.sessionId, true);
    await payments.reconcile(15 * DAY);
    expect(await status()).toBe('completed');
  });
});

describe('when Stripe', () => {
  test('is away nothing is lost: the next time finds it', async () => {
    const { status, ...gift } = await begun();
    payments.paySilently(gift);
    await payments.stripe.away();
    const failure: unknown = await payments.reconcile(2 * HOUR).catch((error: unknown) => error);
    await payments.stripe.back();
    expect(failure).toMatchObject({ name: 'PaymentsAway' });
    expect(await status()).toBe('pending');
    await payments.reconcile(3 * HOUR);
    expect(await status()).toBe('completed');
  });

  test('fails for some checkouts, the others are asked about, and the job fails with the first error', async () => {
    await setAside();
    const [first, second, third] = [await begun(), await begun(), await begun()];
    for (const gift of [first, second, third]) payments.paySilently(gift);
    payments.stripe.next({ status: 500 });
    payments.stripe.next({});
    payments.stripe.next({ status: 429 });
    const failure: unknown = await payments.reconcile(2 * HOUR).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'PaymentsAway',
      message: expect.stringContaining('500'),
    });
    expect([await first.status(), await second.status(), await third.status()]).toEqual([
      'pending',
      'completed',
      'pending',
    ]);
    // They went to the end of the line, and are asked about again in an hour.
    await payments.reconcile(2 * HOUR + 5 * 60_000);
    expect([first, third].map(({ sessionId }) => questionsAbout(sessionId))).toEqual([1, 1]);
    await payments.reconcile(3 * HOUR);
    expect([await first.status(), await third.status()]).toEqual(['completed', 'completed']);
  });

  test('fails for three in a row, the rest is not asked about until the next time, and then it is', async () => {
    await setAside();
    const failing = [await begun(), await begun(), await begun()];
    const { status, ...gift } = await begun();
    payments.paySilently(gift);
    for (const _one of failing) payments.stripe.next({ status: 500 });
    await expect(payments.reconcile(2 * HOUR)).rejects.toThrow('Stripe is away');
    expect(questionsAbout(gift.sessionId)).toBe(0);
    await payments.reconcile(2 * HOUR + 5 * 60_000);
    expect(await status()).toBe('completed');
    expect(failing.map(({ sessionId }) => questionsAbout(sessionId))).toEqual([1, 1, 1]);
  });

  test('is asked about checkouts though the refunds could not be looked at', async () => {
    await setAside();
    const { status, ...gift } = await begun();
    payments.paySilently(gift);
    const context = payments.context(new Date(Date.now() + 2 * HOUR));
    const broken = new Error('no refunds today');
    vi.spyOn(context.db.prisma, '$queryRaw').mockRejectedValueOnce(broken);
    await expect(reconcilePayments(context)).rejects.toBe(broken);
    expect(await status()).toBe('completed');
  });

  test('knows nothing of one checkout, it is asked about the others all the same', async () => {
    const lost = await begun();
    payments.stripe.ledger.sessions.delete(lost.sessionId);
    const { status, ...gift } = await begun();
    payments.paySilently(gift);
    await payments.reconcile(2 * HOUR);
    expect(await status()).toBe('completed');
    expect(await lost.status()).toBe('pending');
    await payments.reconcile(15 * DAY);
    expect(await lost.status()).toBe('failed');
  });
});

describe('a gift that never had a page to pay at', () => {
  async function unreached() {
    const { parent, campaign } = await openJar(api);
    payments.stripe.next({ drop: true });
    await api.post(`/campaigns/${campaign.id}/donations/`, guestGift()).expect(503);
    const session = [...payments.stripe.ledger.sessions.values()].at(-1)!;
    const id = Number(session.metadata['donation_id']);
    const stored = async () => {
      const [row] = await api.database.sql<{ status: string }>(
        'SELECT status FROM donations WHERE id = $1',
        [id],
      );
      return row!.status;
    };
    const seen = () => payments.course(campaign, parent, id);
    return { id, sessionId: session.id, campaign, stored, seen };
  }

  test('expires after an hour, and nobody ever sees it', async () => {
    const { stored, seen } = await unreached();
    await payments.reconcile(HOUR - 60_000);
    expect(await stored()).toBe('pending');
    await payments.reconcile(HOUR + 60_000);
    expect(await stored()).toBe('expired');
    expect(await seen()).toBeUndefined();
  });

  test('counts, should it be paid after all', async () => {
    const { seen, campaign, ...gift } = await unreached();
    await payments.reconcile(2 * HOUR);
    await payments.pay(gift);
    expect(await seen()).toEqual({ status: 'completed', refunded_amount: 0 });
    expect(await payments.totals(campaign)).toEqual({ total: 25, gifts: 1, listed: [gift.id] });
  });
});

describe('a refund that is pending', () => {
  async function pendingRefund() {
    const { parent, ...begunGift } = await begun();
    const gift = await payments.pay(begunGift);
    payments.stripe.refundsBegin = 'pending';
    const path = `/donations/${gift.id}/refunds/`;
    await api.post(path, {}, parent.access).expect(201);
    const states = async () =>
      ((await api.get(path, parent.access).expect(200)).body as { status: string }[]).map(
        ({ status }) => status,
      );
    return { gift, states };
  }

  test('is asked about again after an hour', async () => {
    const { gift, states } = await pendingRefund();
    await payments.sendRefunds();
    const [made] = payments.stripe.ledger.refundsOf({ id: gift.paymentIntent });
    payments.stripe.settleRefund(made!.id, true);
    await payments.reconcile(HOUR - 60_000);
    await payments.sendRefunds();
    expect(await states()).toEqual(['pending']);
    await payments.reconcile(HOUR + 60_000);
    await payments.sendRefunds();
    expect(await states()).toEqual(['succeeded']);
    expect(payments.stripe.refunded(gift.id)).toBe(2_500);
  });

  test('is sent, though its job was given up', async () => {
    const { gift, states } = await pendingRefund();
    payments.stripe.refundsBegin = 'succeeded';
    await api.database.sql(
      'UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE key LIKE $1',
      ['refund %'],
    );
    await payments.sendRefunds();
    expect(payments.stripe.refunded(gift.id)).toBe(0);
    await payments.reconcile(2 * HOUR);
    await payments.sendRefunds();
    expect(await states()).toEqual(['succeeded']);
    expect(payments.stripe.refunded(gift.id)).toBe(2_500);
  });
});

test('events are forgotten after 30 days, when nobody sends them again', async () => {
  await payments.pay(await begun());
  const count = () => api.database.sql('SELECT FROM stripe_events').then(({ length }) => length);
  await payments.reconcile(29 * DAY);
  expect(await count()).toBeGreaterThan(0);
  await payments.reconcile(31 * DAY);
  expect(await count()).toBe(0);
});

test('no log line of all this tells of the donor or of the page', () => {
  const logged = api.logged.join('');
  for (const secret of ['kate@', 'Aunt Kate', '@example.com', 'checkout.stripe.com'])
    expect(logged).not.toContain(secret);
});
