import { expect } from 'vitest';
import type { FakeStripe } from '../stripe.js';
import type { Place } from './place.js';
import type { Requests } from './requests.js';

interface GiftRow {
  id: number;
  amount: number;
  status: string;
  sessionId: string | null;
}

interface RefundRow {
  id: number;
  donationId: number;
  amount: number;
  status: string;
  stripeId: string | null;
}

const GIFTS = `
  SELECT d.id, d.amount, d.status, k.session_id AS "sessionId"
    FROM donations d LEFT JOIN checkouts k ON k.donation_id = d.id WHERE d.id > $1 ORDER BY d.id`;

const REFUNDS = `
  SELECT id, donation_id AS "donationId", amount, status, stripe_id AS "stripeId"
    FROM refunds WHERE donation_id > $1 ORDER BY id`;

/** Campaigns whose totals are not what their gifts come to: one statement, and so one moment. */
const WRONG_TOTALS = `
  SELECT * FROM (
    SELECT c.id, c.net_raised, c.total_raised, c.donation_count, coalesce(sum(gift.net), 0) AS net,
           count(*) FILTER (WHERE gift.net > 0) AS gifts
      FROM campaigns c LEFT JOIN (
        SELECT campaign_id, amount * 100 - refunded AS net FROM donations WHERE status = 'completed'
      ) gift ON gift.campaign_id = c.id
     WHERE c.id > $1 GROUP BY c.id) campaign
   WHERE (net_raised, total_raised, donation_count) <> (net, floor(net / 100), gifts)`;

/** What our own rule gives back, and Stripe took on, is owed to the donor though it failed: of `refunds r`. */
const OWED = "(r.status = 'failed' AND r.automatic AND r.stripe_id IS NOT NULL)";

/** Gifts of which more or less is given back than their refunds come to. */
const WRONG_REFUNDS = `
  SELECT d.id, d.amount, d.refunded, sum(r.amount) AS refunds
    FROM donations d LEFT JOIN refunds r ON r.donation_id = d.id AND (r.status <> 'failed' OR ${OWED})
   WHERE d.id > $1 GROUP BY d.id
  HAVING d.refunded <> least(d.amount * 100, coalesce(sum(r.amount), 0))`;

/** Pledges of which more is given back than was given: Stripe's dashboard can do that, we can't. */
const GIVEN_BACK_TWICE = `
  SELECT d.id, d.amount, sum(r.amount) AS refunds FROM donations d JOIN refunds r ON r.donation_id = d.id
   WHERE d.id > $1 AND NOT EXISTS (SELECT FROM checkouts k WHERE k.donation_id = d.id)
   GROUP BY d.id HAVING sum(r.amount) > d.amount * 100`;

/** Each request for a gift has a comment of its own: one request, at most one gift that counts. */
const COUNTED_TWICE = `
  SELECT comment, array_agg(id) AS gifts FROM donations
   WHERE id > $1 AND status = 'completed' AND comment <> '' GROUP BY comment HAVING count(*) > 1`;

/** And each for a refund a reason. */
const REFUNDED_TWICE = `
  SELECT reason, array_agg(id) AS refunds FROM refunds
   WHERE donation_id > $1 AND reason LIKE 'refund %' GROUP BY reason HAVING count(*) > 1`;

/**
 * A gift that counts has told donor and parent; one that came too late has told the donor, and was all given
 * back; one that went back before we knew of it told nobody, nor does one that never counted.
 */
const WRONGLY_TOLD = `
  SELECT * FROM (
    SELECT d.id, d.status, d.amount * 100 AS amount,
           (SELECT coalesce(sum(r.amount), 0) FROM refunds r WHERE r.donation_id = d.id) AS refunds,
           (SELECT coalesce(string_agg(split_part(key, ' ', 1), ' ' ORDER BY key), '')
              FROM enqueued_mails WHERE split_part(key, ' ', 2) = d.id::text) AS told
      FROM donations d WHERE d.id > $1) gift
   WHERE NOT CASE told WHEN 'gift_notice gift_receipt' THEN status = 'completed'
                       WHEN 'gift_returned' THEN status = 'completed' AND refunds >= amount
                       WHEN '' THEN status <> 'completed' OR refunds >= amount
                       ELSE false END`;

/** The last ids before what is looked at. */
export interface Since {
  gift: number;
  campaign: number;
}

/** Looks at the same gifts again and again, and sees that they only go forward. */
export function openLook(
  { database, payments, stripe }: Place,
  { gift: lastGift, campaign }: Since,
) {
  let gifts = new Map<number, GiftRow>();
  let refunds = new Map<number, RefundRow>();

  /** What holds at every moment, whatever is under way. */
  async function look(requests: Requests): Promise<void> {
    expect(await database.sql(WRONG_TOTALS, [campaign])).toEqual([]);
    for (const none of [WRONG_REFUNDS, GIVEN_BACK_TWICE, COUNTED_TWICE, REFUNDED_TWICE]) {
      expect(await database.sql(none, [lastGift])).toEqual([]);
    }
    const giftsNow = byId(await database.sql<GiftRow>(GIFTS, [lastGift]));
    const refundsNow = byId(await database.sql<RefundRow>(REFUNDS, [lastGift]));
    for (const before of gifts.values()) wentForward(before, giftsNow.get(before.id));
    for (const before of refunds.values()) refundWentForward(before, refundsNow.get(before.id));
    for (const { acknowledged, body } of requests.acknowledged('gift')) {
      const { id } = acknowledged!;
      const { amount } = body as { amount: number };
      const stored = payments === 'pledge' ? { id, amount, status: 'completed' } : { id, amount };
      expect(giftsNow.get(id), 'an acknowledged gift').toMatchObject(stored);
    }
    for (const { acknowledged, giftId } of requests.acknowledged('refund')) {
      const { id, amount_minor: amount } = acknowledged!;
      const stored = { id, amount, donationId: giftId };
      expect(refundsNow.get(id), 'an acknowledged refund').toMatchObject(stored);
    }
    if (payments === 'stripe') {
      for (const gift of giftsNow.values()) if (gift.status === 'completed') wasPaid(stripe, gift);
      for (const refund of refundsNow.values()) isInTheBooks(stripe, refund);
      noRefundWasSentTwice(stripe);
    }
    [gifts, refunds] = [giftsNow, refundsNow];
  }

  /** What holds of the same gifts once all is told and done: those that count were acknowledged. */
  async function expectRest({ all, acknowledged }: Requests): Promise<void> {
    const known = new Set(acknowledged('gift').map((one) => one.acknowledged!.id));
    const unknown = counted().filter(({ id }) => !known.has(id));
    // Whoever had no answer, and no key to ask again with, may have given.
    const unanswered = all.filter((one) => one.what === 'gift' && one.unsure);
    const most = payments === 'pledge' ? unanswered.length : 0;
    expect(unknown.length, 'gifts that count and nobody knows of').toBeLessThanOrEqual(most);
    expect(await database.sql(WRONGLY_TOLD, [lastGift])).toEqual([]);
    const notFailed = [...refunds.values()].filter(({ status }) => status !== 'failed');
    const expected =
      payments === 'stripe' ? returnsSince(stripe, lastGift) : notFailed.map(() => null);
    expect(notFailed.map(({ stripeId }) => stripeId).sort(), 'what went back').toEqual(expected);
  }

  /** The gifts that count, as of the last look. */
  const counted = () => [...gifts.values()].filter(({ status }) => status === 'completed');

  return { look, expectRest, counted };
}

function byId<Row extends { id: number }>(rows: Row[]): Map<number, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}

function wentForward(before: GiftRow, gift: GiftRow | undefined): void {
  expect(gift, 'a gift that was there').toMatchObject({ id: before.id, amount: before.amount });
  const { pending, ...ends } = { pending: 0, failed: 1, expired: 1, completed: 2 };
  const rank: Record<string, number> = { pending, ...ends };
  expect(rank[gift!.status]).toBeGreaterThanOrEqual(rank[before.status]!);
}

function refundWentForward(before: RefundRow, refund: RefundRow | undefined): void {
  const { id, donationId, amount } = before;
  expect(refund, 'a refund that was there').toMatchObject({ id, donationId, amount });
  const rank: Record<string, number> = { pending: 0, succeeded: 1, failed: 2 };
  expect(rank[refund!.status]).toBeGreaterThanOrEqual(rank[before.status]!);
}

/** No gift counts that was not paid, by a payment of its own and of its amount. */
function wasPaid({ ledger }: FakeStripe, { id, amount, sessionId }: GiftRow): void {
  expect(ledger.sessions.get(sessionId ?? ''), 'the page of a gift that counts').toMatchObject({
    payment_status: 'paid',
    amount_total: amount * 100,
    metadata: { donation_id: String(id) },
  });
}

function isInTheBooks({ ledger }: FakeStripe, { stripeId, amount, status }: RefundRow): void {
  if (stripeId === null) {
    expect(status, 'a refund that Stripe knows nothing of').not.toBe('succeeded');
    return;
  }
  const booked = ledger.refunds.get(stripeId) ?? ledger.disputes.get(stripeId);
  expect(booked, 'a refund at Stripe').toMatchObject({ amount });
}

function noRefundWasSentTwice({ ledger }: FakeStripe): void {
  const ours = [...ledger.refunds.values()].map(({ metadata }) => metadata.refund_id);
  const sent = ours.filter((id) => id !== undefined);
  expect(new Set(sent).size, 'different refunds of ours at Stripe').toBe(sent.length);
}

/** Stripe's ids of what went back of the gifts after one, refunds and lost disputes. */
function returnsSince({ ledger }: FakeStripe, lastGift: number): string[] {
  const refunds = [...ledger.refunds.values()].filter(({ status }) => status !== 'failed');
  return [...refunds, ...ledger.disputes.values()]
    .filter(
      (one) => Number(ledger.payments.get(one.payment_intent)?.metadata.donation_id) > lastGift,
    )
    .map(({ id }) => id)
    .sort();
}

/** What holds once all is told and done: what counts is what is shown, and what Stripe has. */
export async function expectBalance({ database, payments, stripe }: Place): Promise<void> {
  const [sum] = await database.sql<Record<'counted' | 'living' | 'tombstones', number>>(`
    SELECT (SELECT coalesce(sum(amount * 100 - refunded), 0)::float8
              FROM donations WHERE status = 'completed') AS counted,
           (SELECT coalesce(sum(net_raised), 0)::float8 FROM campaigns) AS living,
           (SELECT coalesce(sum(amount * 100 - refunded), 0)::float8
              FROM donations WHERE status = 'completed' AND campaign_id IS NULL) AS tombstones`);
  const { counted, living, tombstones } = sum!;
  expect(living + tombstones, 'living campaigns and tombstones').toBe(counted);
  if (payments === 'stripe') {
    const back = stripe.refunded() + (await stillOwed({ database, stripe }));
    expect(counted, 'paid less refunded').toBe(stripe.paid() - back);
  }
}

/** What is left at Stripe of gifts that came too late, and must still go back. */
async function stillOwed({ database, stripe }: Pick<Place, 'database' | 'stripe'>) {
  const owed = await database.sql<{ id: number; amount: number }>(
    `SELECT r.donation_id AS id, sum(r.amount)::int AS amount FROM refunds r WHERE ${OWED} GROUP BY r.donation_id`,
  );
  return owed.reduce(
    (sum, { id, amount }) => sum + Math.min(amount, stripe.paid(id) - stripe.refunded(id)),
    0,
  );
}
