import type { Context } from '../../../context.js';
import { isRefused } from '../../../core/database-errors.js';
import type { Transaction } from '../../../database/client.js';
import { Refusal } from '../../../core/errors.js';
import { countStripeEvent, type StripeEventResult } from '../../../observability/metrics.js';
import { toMinor } from '../../../core/money.js';
import {
  ForgedEvent,
  idsOfEvent,
  NotUnderstood,
  PaymentRefused,
  type PaymentGateway,
  type StripeEvent,
} from '../../../integrations/stripe.js';
import { lockDonation, type LockedDonation } from '../donations/donations.access.js';
import { addRefund, recordRefunds } from '../refunds/stripe-refunds.service.js';
import { refuseWhileAway } from './stripe-outage.js';
import { newsOf, settleCheckout, type CheckoutNews } from './settlement.service.js';

/** An event with all that Stripe had to be asked for its sake, so that no transaction waits for Stripe. */
type Told =
  | { type: 'checkout'; news: CheckoutNews }
  | {
      type: 'refunds';
      payment: Payment;
      /** Under the lock of the gift that was paid. */
      record: (tx: Transaction, donation: LockedDonation) => Promise<'done' | 'not_as_asked'>;
    };

/** A payment as far as it is known: news of its refund may come before news of itself. */
interface Payment {
  paymentIntent: string;
  /** What Stripe says of a payment that was not known here. */
  news: CheckoutNews | null;
}

/**
 * Stores what an event of Stripe tells, once for each event. One that can never have an effect is taken all the
 * same, and logged: sent again, it would say the same.
 * @throws Refusal `webhook_not_valid` when the event isn't Stripe's or is old, `stripe_not_configured`,
 * `unavailable` when Stripe must be asked and is away, or rejects our key: then it sends the event again.
 */
export async function receiveEvent(
  ctx: Context,
  rawBody: Buffer,
  signature: string | undefined,
): Promise<void> {
  const { stripe } = ctx.settings;
  if (!stripe)
    throw new Refusal('stripe_not_configured', 'Payments by Stripe are not set up here.');
  try {
    const event = authentic(stripe, rawBody, signature, ctx.now);
    const result = event.type === 'other' ? 'ignored' : await takeEffect(ctx, stripe, event);
    if (result === 'ignored') ctx.log.debug(idsOfEvent(rawBody), 'an event that is not for us');
    countStripeEvent(result);
  } catch (error) {
    refuseWhileAway(ctx, error, 'Stripe could not be asked. Send the event again.');
    const result = lastingFailure(error);
    if (!result) throw error;
    ctx.log.error({ ...idsOfEvent(rawBody), err: error }, 'an event of Stripe had no effect');
    countStripeEvent(result);
  }
}

/** How an event fails that would fail again each time; undefined for any other failure. */
function lastingFailure(error: unknown): StripeEventResult | undefined {
  if (error instanceof NotUnderstood) return 'not_understood';
  if (error instanceof PaymentRefused) return 'not_answered';
  return isRefused(error) ? 'not_stored' : undefined;
}

type KnownEvent = Exclude<StripeEvent, { type: 'other' }>;

async function takeEffect(
  ctx: Context,
  stripe: PaymentGateway,
  event: KnownEvent,
): Promise<StripeEventResult> {
  const told = await understand(ctx, stripe, event);
  if (!told) return 'ignored';
  return ctx.db.transaction(async (tx) => {
    if (!(await isNew(ctx, tx, event.id))) return 'repeated';
    if (told.type === 'checkout') return settleCheckout(ctx, tx, told.news);
    const { paymentIntent, news } = told.payment;
    if (news) await settleCheckout(ctx, tx, news);
    const ours = await tx.checkout.findUnique({ where: { paymentIntent } });
    const donation = ours && (await lockDonation(ctx, tx, ours.donationId));
    return donation ? told.record(tx, donation) : 'ignored';
  });
}

function authentic(
  stripe: PaymentGateway,
  rawBody: Buffer,
  signature: string | undefined,
  now: Date,
): StripeEvent {
  try {
    return stripe.readEvent(rawBody, signature, now);
  } catch (error) {
    if (!(error instanceof ForgedEvent)) throw error;
    throw new Refusal('webhook_not_valid', 'This is not an event that Stripe has just signed.');
  }
}

async function understand(
  ctx: Context,
  stripe: PaymentGateway,
  event: KnownEvent,
): Promise<Told | null> {
  switch (event.type) {
    case 'paid':
    case 'awaiting':
    case 'failed':
    case 'expired':
      return { type: 'checkout', news: event };
    case 'refunds_changed': {
      const payment = await findPayment(ctx, stripe, event.paymentIntent);
      if (!payment) return null;
      const refunds = event.refunds ?? (await stripe.listRefunds(event.paymentIntent));
      return {
        type: 'refunds',
        payment,
        record: (tx, donation) => recordRefunds(ctx, tx, donation, refunds),
      };
    }
    case 'dispute_lost': {
      const payment = await findPayment(ctx, stripe, event.paymentIntent);
      if (!payment) return null;
      return {
        type: 'refunds',
        payment,
        record: (tx, donation) => recordDispute(ctx, tx, donation, event),
      };
    }
  }
}

/** A bank may take more than was paid, for fees and rates of its own: of the gift it takes no more than all. */
async function recordDispute(
  ctx: Context,
  tx: Transaction,
  { id: donationId, amount: given, currency }: LockedDonation,
  { disputeId: stripeId, amount: taken, currency: takenIn }: DisputeLost,
): Promise<'done' | 'not_as_asked'> {
  if (currency !== takenIn) {
    const dispute = { donationId, disputeId: stripeId, amount: taken, currency: takenIn };
    ctx.log.error(dispute, 'a lost dispute in another currency than its gift takes nothing of it');
    return 'not_as_asked';
  }
  const amount = Math.min(taken, toMinor(given));
  await addRefund(ctx, tx, { donationId, stripeId, amount, status: 'succeeded', reason: LOST });
  return 'done';
}

type DisputeLost = Extract<StripeEvent, { type: 'dispute_lost' }>;

const LOST = 'The donor disputed the payment, and the bank gave it back.';

/** A payment that is known here, or that Stripe says is one of ours; null for any other. */
async function findPayment(
  { db }: Context,
  stripe: PaymentGateway,
  paymentIntent: string,
): Promise<Payment | null> {
  const known = await db.prisma.checkout.findUnique({ where: { paymentIntent } });
  if (known) return { paymentIntent, news: null };
  const checkout = await stripe.findCheckoutOf(paymentIntent);
  return checkout?.donationId ? { paymentIntent, news: newsOf(checkout) } : null;
}

async function isNew({ now }: Context, tx: Transaction, id: string): Promise<boolean> {
  const added = await tx.stripeEvent.createMany({
    data: [{ id, receivedAt: now }],
    skipDuplicates: true,
  });
  return added.count === 1;
}
