import { describe, expect, test } from 'vitest';
import {
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';
import { HOUR, usePayments, type TestGift } from './support/paying.js';

const payments = usePayments();
const { api } = payments;

const close = ({ id }: TestCampaign, { access }: TestParent) =>
  api.patch(`/campaigns/${id}/`, { is_open: false }, access).expect(200);

/** How a campaign may have ended while a page to pay at was open. */
const ENDS: Record<string, (campaign: TestCampaign, parent: TestParent) => Promise<unknown>> = {
  'was closed': close,
  'has reached its goal, at which it closes': async (campaign, { access }) => {
    await api.patch(`/campaigns/${campaign.id}/`, { close_when_funded: true }, access).expect(200);
    await payments.give(campaign, { amount: 400 });
  },
  'has passed its deadline, at which it closes': async ({ id }, { access }) => {
    const deadline = new Date(Date.now() + HOUR).toISOString();
    const wish = { close_at_deadline: true, deadline };
    await api.patch(`/campaigns/${id}/`, wish, access).expect(200);
    await api.database.sql("UPDATE campaigns SET deadline = now() - interval '1 s' WHERE id = $1", [
      id,
    ]);
  },
  'was deleted': ({ id }, { access }) => api.delete(`/campaigns/${id}/`, access).expect(204),
  'was closed and deleted with its family': async (campaign, parent) => {
    await close(campaign, parent);
    await api.delete('/parents/me/', parent.access).expect(204);
  },
};

/** A gift that is to be paid while its campaign ends, by a donor who looks. */
async function lateGift(end: (campaign: TestCampaign, parent: TestParent) => Promise<unknown>) {
  const { parent, campaign } = await openJar(api);
  const donor = await registerParent(api);
  const gift = await payments.begin(campaign, { amount: 30, comment: 'Zz-comment' }, donor);
  await end(campaign, parent);
  return { parent, campaign, donor, gift };
}

async function expectReturned({ id }: TestGift, donor: TestParent): Promise<void> {
  await payments.sendRefunds();
  expect([payments.stripe.paid(id), payments.stripe.refunded(id)]).toEqual([3_000, 3_000]);
  const { body: history } = await api.get('/donations/', donor.access).expect(200);
  expect(history).toMatchObject([{ id, status: 'completed', amount: 30, refunded_amount: 30 }]);
  const { body: refunds } = await api.get(`/donations/${id}/refunds/`, donor.access).expect(200);
  expect(refunds).toMatchObject([{ amount: 30, status: 'succeeded' }]);
  expect(refunds[0].reason).toMatch(/closed/);
  expect(await payments.mails(id)).toEqual({ gift_returned: 1 });
}

describe('a payment that arrives when the campaign', () => {
  test.each(Object.entries(ENDS))(
    '%s goes back in full, and the donor is told',
    async (_how, end) => {
      const { campaign, donor, gift } = await lateGift(end);
      const before = await api.get(`/campaigns/${campaign.id}/`);
      const event = payments.stripe.pay(gift.sessionId);
      await payments.deliver(event, event, { ...event, id: `${event.id}_again` });
      const after = await api.get(`/campaigns/${campaign.id}/`);
      const figures = ({ body }: typeof after) => [
        body.total_raised,
        body.donation_count,
        body.is_open,
      ];
      expect(figures(after)).toEqual(figures(before));
      await expectReturned(gift, donor);
    },
  );

  test('was closed goes back, too, when the job finds it', async () => {
    const { campaign, donor, gift } = await lateGift(close);
    payments.paySilently(gift);
    await payments.reconcile(2 * HOUR);
    expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
    await expectReturned(gift, donor);
  });

  test('was closed goes back by a bank that takes its time', async () => {
    const { campaign, donor, gift } = await lateGift(close);
    await payments.deliver(payments.stripe.payLater(gift.sessionId));
    expect(await payments.mails(gift.id)).toEqual({});
    await payments.deliver(payments.stripe.settle(gift.sessionId, true));
    expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
    await expectReturned(gift, donor);
  });

  test('was closed and opened again counts', async () => {
    const { parent, campaign, gift } = await lateGift(close);
    await api.patch(`/campaigns/${campaign.id}/`, { is_open: true }, parent.access).expect(200);
    await payments.pay(gift);
    expect(await payments.totals(campaign)).toEqual({ total: 30, gifts: 1, listed: [gift.id] });
    expect(await payments.mails(gift.id)).toEqual({ gift_receipt: 1, gift_notice: 1 });
  });

  test('was closed, and was refunded on the dashboard before: nothing is left to send', async () => {
    const { campaign, gift } = await lateGift(close);
    const { paymentIntent } = payments.paySilently(gift);
    await payments.deliver(...payments.stripe.refund(paymentIntent));
    await payments.sendRefunds();
    await payments.deliver(
      payments.stripe.ledger.events.find(
        ({ type, data }) =>
          type === 'checkout.session.completed' &&
          (data.object as { id: string }).id === gift.sessionId,
      )!,
    );
    await payments.sendRefunds();
    expect(payments.stripe.refunded(gift.id)).toBe(3_000);
    expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
  });
});

test('of a payment that came too late goes back what the dashboard has left of it', async () => {
  const { campaign, donor, gift } = await lateGift(close);
  const { paymentIntent } = payments.paySilently(gift);
  const [paid] = payments.stripe.ledger.events.filter(
    ({ type, data }) =>
      type === 'checkout.session.completed' &&
      (data.object as { id: string }).id === gift.sessionId,
  );
  await payments.deliver(paid!);
  // Nobody has told us of it when our refund of the whole is sent.
  payments.stripe.refund(paymentIntent, 1);
  await payments.sendRefunds();
  await payments.sendRefunds();
  expect(payments.stripe.refunded(gift.id)).toBe(3_000);
  expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
  const { body } = await api.get(`/donations/${gift.id}/refunds/`, donor.access).expect(200);
  const refunds = body as { amount_minor: number; status: string }[];
  expect(refunds.map(({ amount_minor, status }) => [amount_minor, status])).toEqual([
    [2_999, 'succeeded'],
    [1, 'succeeded'],
    [3_000, 'failed'],
  ]);
});

test('of a payment that came too late the refund fails at the bank: it is owed, and never counts', async () => {
  const { campaign, donor, gift } = await lateGift(close);
  await payments.pay(gift);
  await payments.sendRefunds();
  const [sent] = payments.stripe.ledger.refundsOf(
    payments.stripe.ledger.payments.get(
      payments.stripe.ledger.sessions.get(gift.sessionId)!.payment_intent!,
    )!,
  );
  await payments.deliver(...payments.stripe.settleRefund(sent!.id, false));
  expect(payments.stripe.refunded(gift.id)).toBe(0);
  const { body: refunds } = await api.get(`/donations/${gift.id}/refunds/`, donor.access);
  expect(refunds).toMatchObject([{ amount: 30, status: 'failed' }]);
  const { body: history } = await api.get('/donations/', donor.access).expect(200);
  expect(history).toMatchObject([{ id: gift.id, refunded_amount: 30 }]);
  expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
  const told = api.logged.filter((line) => line.includes(sent!.id)).map((line) => JSON.parse(line));
  expect(told).toEqual([expect.objectContaining({ level: 50, owed: true })]);
  // Somebody gives it back on the dashboard: still no more than there was.
  await payments.deliver(...payments.stripe.refund(sent!.payment_intent));
  expect(payments.stripe.refunded(gift.id)).toBe(3_000);
  expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
});

describe('a refund that Stripe refuses', () => {
  /** Does the jobs; Stripe, asked what it knows, knows nothing, and then refuses. */
  async function sendRefused(code: string): Promise<void> {
    payments.stripe.next({});
    payments.stripe.next({ status: 400, code });
    await payments.sendRefunds();
  }
  const statusOf = async ({ id }: TestGift, { access }: TestParent) => {
    const { body } = await api.get(`/donations/${id}/refunds/`, access).expect(200);
    return (body as { status: string }[]).map(({ status }) => status);
  };
  const jobsThatFailed = () =>
    api.database.sql<{ attempts: number; error: string }>(
      `SELECT attempts, last_error AS error FROM graphile_worker.jobs
        WHERE task_identifier = 'send_refund'`,
    );
  async function expectRetried(code: string): Promise<void> {
    const error = expect.stringContaining(code) as string;
    expect(await jobsThatFailed()).toEqual([{ attempts: 1, error }]);
  }

  test.each(['charge_disputed', 'balance_insufficient'])(
    'by %s is tried again where the payment came too late, which never counts',
    async (code) => {
      const { campaign, donor, gift } = await lateGift(close);
      await payments.pay(gift);
      await sendRefused(code);
      await expectRetried(code);
      expect(await statusOf(gift, donor)).toEqual(['pending']);
      expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
      await expectReturned(gift, donor);
      expect(await jobsThatFailed()).toEqual([]);
      expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
    },
  );

  /** A gift of 25 of which its parent gives back 10. */
  async function refunded() {
    const { parent, campaign } = await openJar(api);
    const gift = await payments.give(campaign);
    await api.post(`/donations/${gift.id}/refunds/`, { amount: 10 }, parent.access).expect(201);
    return { parent, campaign, gift };
  }

  test('has failed where a person asked for it, and the gift counts in full', async () => {
    const { parent, campaign, gift } = await refunded();
    await sendRefused('charge_disputed');
    expect(await jobsThatFailed()).toEqual([]);
    expect(await statusOf(gift, parent)).toEqual(['failed']);
    expect(await payments.totals(campaign)).toMatchObject({ total: 25 });
  });

  test('for want of money is tried again, whoever asked for it', async () => {
    const { parent, campaign, gift } = await refunded();
    await sendRefused('balance_insufficient');
    await expectRetried('balance_insufficient');
    expect(await statusOf(gift, parent)).toEqual(['pending']);
    expect(await payments.totals(campaign)).toMatchObject({ total: 15 });
    await payments.sendRefunds();
    expect(await statusOf(gift, parent)).toEqual(['succeeded']);
    expect(payments.stripe.refunded(gift.id)).toBe(1_000);
  });
});

test('the payment that crosses the goal counts, and of two at once only one does', async () => {
  const { parent, child } = await openJar(api);
  const wish = { goal: 50, close_when_funded: true };
  const campaign = await openCampaign(api, parent, child, wish);
  const gifts = [
    await payments.begin(campaign, { amount: 50 }),
    await payments.begin(campaign, { amount: 50 }),
  ];
  const events = gifts.map(({ sessionId }) => payments.stripe.pay(sessionId));
  await Promise.all(events.map((event) => payments.deliver(event)));
  await payments.sendRefunds();
  expect(await payments.totals(campaign)).toMatchObject({ total: 50, gifts: 1 });
  expect(gifts.map(({ id }) => payments.stripe.refunded(id)).sort()).toEqual([0, 5_000]);
  expect((await api.get(`/campaigns/${campaign.id}/`)).body.is_open).toBe(false);
});

test('no log line of this tells of the donor', () => {
  const logged = api.logged.join('');
  for (const secret of ['Zz-', 'kate@', '@example.com', 'Kate'])
    expect(logged).not.toContain(secret);
});
