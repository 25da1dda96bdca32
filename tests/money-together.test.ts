import { expect, test } from 'vitest';
import { guestGift, openJar, registerParent } from './support/factories.js';
import { holdCampaign } from './support/held-campaign.js';
import { HOUR, usePayments, type TestGift } from './support/paying.js';

const payments = usePayments({ poolSize: 20 });
const { api } = payments;

/** Ends every other connection, for each reports what it saw when it ends, and counts the deadlocks. */
async function deadlocks(): Promise<number> {
  const OTHERS = 'datname = current_database() AND pid <> pg_backend_pid()';
  await api.database.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OTHERS}`);
  await expect
    .poll(() => api.database.sql(`SELECT pid FROM pg_stat_activity WHERE ${OTHERS}`))
    .toEqual([]);
  const [row] = await api.database.sql<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return row!.deadlocks;
}

const times = <Made>(make: (i: number) => Promise<Made>) =>
  Promise.all(Array.from({ length: 5 }, (_, i) => make(i)));

test('all that moves money on one campaign at once: no deadlock, and the books agree', async () => {
  const { parent, campaign } = await openJar(api, { goal: 100_000 });
  const leaving = await registerParent(api);
  const theirs = await payments.give(campaign, { amount: 10 }, leaving);
  const given = await times(() => payments.give(campaign, { amount: 10 }));
  const begun = await times(() => payments.begin(campaign));
  const unheard = await times(() => payments.begin(campaign));
  unheard.forEach((gift) => payments.paySilently(gift));
  const refund = (id: number, amount: number) =>
    api.post(`/donations/${id}/refunds/`, { amount }, parent.access);
  // Stripe refuses half of them, for that much is not left by the dashboard's refunds.
  for (const { id } of [theirs, ...given]) await refund(id, 5).expect(201);
  const paid = begun.map(({ sessionId }) => payments.stripe.pay(sessionId));
  const back = given.flatMap(({ paymentIntent }, i) =>
    payments.stripe.refund(paymentIntent, i % 2 ? 100 : 800),
  );

  const path = `/campaigns/${campaign.id}/`;
  const answers = [
    ...[...paid, ...back].map((event) => payments.stripe.deliver(event, api.address)),
    ...[1, 2, 3, 4, 5].map(() => api.post(`${path}donations/`, guestGift())),
    ...given.map(({ id }) => refund(id, 1)),
    api.patch(path, { title: 'A cello', close_when_funded: true }, parent.access),
    api.delete('/parents/me/', leaving.access),
    api.patch(path, { is_open: false }, parent.access),
  ].map(async (answer) => {
    const told = await answer;
    return typeof told === 'number' ? told : told.status;
  });
  await Promise.all([payments.sendRefunds(), payments.reconcile(2 * HOUR), ...answers]);
  const statuses = await Promise.all(answers);
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
  await payments.sendRefunds();

  const settled = [theirs, ...given, ...begun, ...unheard];
  const kept = settled.map(({ id }) => payments.stripe.paid(id) - payments.stripe.refunded(id));
  const { total, gifts } = await payments.totals(campaign);
  expect(total * 100).toBe(kept.reduce((sum, amount) => sum + amount, 0));
  expect(gifts).toBe(kept.filter((amount) => amount > 0).length);
  expect(await deadlocks()).toBe(0);
});

test('a campaign is deleted while all its gifts are being paid and refunded: no deadlock', async () => {
  const { parent, campaign } = await openJar(api, { goal: 100_000 });
  const given = await times(() => payments.give(campaign, { amount: 10 }));
  const begun = await times(() => payments.begin(campaign, { amount: 10 }));
  const paid = begun.map(({ sessionId }) => payments.stripe.pay(sessionId));
  const back = given.flatMap(({ paymentIntent }) => payments.stripe.refund(paymentIntent, 100));
  const statuses = await Promise.all([
    ...[...paid, ...back].map((event) => payments.stripe.deliver(event, api.address)),
    api.delete(`/campaigns/${campaign.id}/`, parent.access).then(({ status }) => status),
    ...given.map(async ({ id }) => {
      const refund = await api.post(`/donations/${id}/refunds/`, { amount: 1 }, parent.access);
      return refund.status;
    }),
  ]);
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
  await payments.sendRefunds();

  // What was paid before the deletion was given; what came after has gone back.
  for (const { id } of [...given, ...begun]) {
    const [gift] = await api.database.sql('SELECT status, refunded FROM donations WHERE id = $1', [
      id,
    ]);
    expect(gift).toEqual({ status: 'completed', refunded: payments.stripe.refunded(id) });
  }
  expect(await deadlocks()).toBe(0);
});

test('whoever waits for a campaign has locked none of its gifts and refunds', async () => {
  const { parent, campaign } = await openJar(api);
  const [asked, refused, told] = await Promise.all([1, 2, 3].map(() => payments.give(campaign)));
  const [paid, unheard] = await Promise.all([1, 2].map(() => payments.begin(campaign)));
  const refund = ({ id }: TestGift) =>
    api.post(`/donations/${id}/refunds/`, { amount: 5 }, parent.access).expect(201);
  await refund(refused!);
  payments.stripe.refund(refused!.paymentIntent);
  payments.paySilently(unheard!);

  const held = await holdCampaign(api, campaign);
  const movers: Promise<unknown>[] = [payments.sendRefunds()];
  await held.waiting(1);
  movers.push(
    payments.deliver(payments.stripe.pay(paid!.sessionId)),
    payments.deliver(payments.stripe.refund(told!.paymentIntent)[0]!),
    payments.reconcile(2 * HOUR),
    refund(asked!).then(),
  );
  await held.waiting(movers.length);
  const free = (rows: string) =>
    api.database.sql(`SELECT id FROM ${rows} FOR UPDATE SKIP LOCKED`, [campaign.id]);
  expect(await free('donations WHERE campaign_id = $1')).toHaveLength(5);
  const ofGifts = 'donation_id IN (SELECT id FROM donations WHERE campaign_id = $1)';
  expect(await free(`refunds WHERE ${ofGifts}`)).toHaveLength(1);
  await held.release();
  await Promise.all(movers);
});
