import type { Context, JobContext } from '../../../context.js';
import { isRefused } from '../../../core/database-errors.js';
import type { Transaction } from '../../../database/client.js';
import { toMinor } from '../../../core/money.js';
import type { Refund } from '../../../generated/prisma/client.js';
import {
  NotUnderstood,
  PaymentRefused,
  type PaymentGateway,
  type RefundAtStripe,
} from '../../../integrations/stripe.js';
import { lockDonation, type LockedDonation } from '../donations/donations.access.js';
import { enqueueRefund, refundInFull } from './refunds.service.js';

/** Milliseconds after which a refund that is still pending is looked at again. */
const OVERDUE = 60 * 60 * 1000;

/** Refunds that are looked at in one go: more than banks are slow with. */
const BATCH = 500;

/** Milliseconds after which Stripe is asked again about a refund of which it said what can't be understood. */
const ASKED_AGAIN = 24 * 60 * 60 * 1000;

/**
 * Has Stripe carry out a refund that is pending here, once, and stores what it says. Bears being done again.
 * What Stripe would say again in a moment is logged for a person, and asked again a day later: the refund stays
 * pending, for the money may have gone back.
 */
export async function sendRefund(ctx: JobContext, refundId: number): Promise<void> {
  try {
    await carryOut(ctx, refundId);
  } catch (error) {
    if (!isLasting(error)) throw error;
    ctx.log.error({ err: error, refundId }, 'nothing can be learned of a refund at Stripe');
    const at = new Date(ctx.now.getTime() + ASKED_AGAIN);
    await ctx.db.transaction((tx) => enqueueRefund(tx, refundId, at));
  }
}

function isLasting(error: unknown): boolean {
  const isUnknown = error instanceof PaymentRefused && error.code === 'resource_missing';
  return error instanceof NotUnderstood || isUnknown || isRefused(error);
}

async function carryOut(ctx: JobContext, refundId: number): Promise<void> {
  const refund = await ctx.db.prisma.refund.findUnique({
    where: { id: refundId },
    include: { donation: { select: { amount: true, checkout: true } } },
  });
  const paymentIntent = refund?.donation.checkout?.paymentIntent;
  if (refund?.status !== 'pending' || !paymentIntent) return;

  const { donationId, amount, dateCreated: madeAt } = refund;
  const stripe = gatewayOf(ctx);
  // Stripe forgets what it was asked after a day; what it did it never forgets.
  const known = await stripe.listRefunds(paymentIntent);
  if (known.some(({ ourId }) => ourId === refundId)) {
    await storeRefunds(ctx, donationId, known);
    return;
  }
  try {
    const sent = await stripe.refund({ refundId, madeAt, donationId, paymentIntent, amount });
    await storeRefunds(ctx, donationId, [sent]);
  } catch (error) {
    if (!(error instanceof PaymentRefused)) throw error;
    ctx.log.error({ refundId, donationId, code: error.code }, 'Stripe refused a refund');
    await storeRefunds(ctx, donationId, await stripe.listRefunds(paymentIntent));
    const others = await otherRefunds(ctx, refund);
    const left = toMinor(refund.donation.amount) - sumOf(others);
    const mayStill = amount <= left && !others.some(isLostDispute);
    if (mayStill && mustSucceed(refund, error)) throw error;
    await giveUp(ctx, refund, { isFinal: others.some(isLostDispute) });
  }
}

/** What nobody asked for but our own rule must go back, and what we have too little money for goes back later. */
function mustSucceed({ automatic }: { automatic: boolean }, { code }: PaymentRefused): boolean {
  return automatic || code === 'balance_insufficient';
}

/** What goes back of a gift by other refunds than this one. */
async function otherRefunds(
  { db }: JobContext,
  { id, donationId }: { id: number; donationId: number },
): Promise<{ amount: number; stripeId: string | null }[]> {
  return db.prisma.refund.findMany({
    where: { donationId, id: { not: id }, status: { not: 'failed' } },
    select: { amount: true, stripeId: true },
  });
}

/** In minor units. */
function sumOf(refunds: { amount: number }[]): number {
  return refunds.reduce((sum, { amount }) => sum + amount, 0);
}

/** Of a payment that a bank has taken back, be it in part, Stripe gives nothing back any more. */
function isLostDispute({ stripeId }: { stripeId: string | null }): boolean {
  return stripeId !== null && /^d[pu]_/.test(stripeId);
}

/** Ends a refund that Stripe won't make. One that nobody asked for is made anew for what others have left of it. */
async function giveUp(
  ctx: JobContext,
  refund: { id: number; donationId: number; automatic: boolean; reason: string },
  { isFinal }: { isFinal: boolean },
): Promise<void> {
  const { id, donationId, automatic, reason } = refund;
  await ctx.db.transaction(async (tx) => {
    await lockDonation(ctx, tx, donationId);
    const ended = await tx.refund.updateMany({
      where: { id, status: 'pending', stripeId: null },
      data: { status: 'failed' },
    });
    if (!automatic || isFinal || ended.count === 0) return;
    const donation = await lockDonation(ctx, tx, donationId);
    if (donation) await refundInFull(ctx, tx, donation, reason);
  });
}

/** Has refunds that have been pending for over an hour looked at again, each by a job of its own if it has none. */
export async function reconcileRefunds({ db, now }: JobContext): Promise<void> {
  const overdue = await db.prisma.$queryRaw<{ id: number }[]>`
    SELECT r.id FROM refunds r
     WHERE r.status = 'pending' AND r.date_created <= ${new Date(now.getTime() - OVERDUE)}::timestamptz
       AND NOT EXISTS (SELECT FROM graphile_worker.jobs j
                        WHERE j.key = 'refund ' || r.id AND j.attempts < j.max_attempts)
     ORDER BY r.id LIMIT ${BATCH}`;
  await db.transaction(async (tx) => {
    for (const { id } of overdue) await enqueueRefund(tx, id);
  });
}

async function storeRefunds(
  ctx: JobContext,
  donationId: number,
  refunds: RefundAtStripe[],
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const donation = await lockDonation(ctx, tx, donationId);
    if (donation) await recordRefunds(ctx, tx, donation, refunds);
  });
}

/**
 * Stores what Stripe tells of the refunds of a gift that the caller has locked: ours go forward, and those
 * made on Stripe's dashboard are added. Told twice or in another order, it comes to the same. One that is not
 * as we know it has no effect.
 */
export async function recordRefunds(
  ctx: Pick<Context, 'now' | 'log'>,
  tx: Transaction,
  donation: LockedDonation,
  refunds: RefundAtStripe[],
): Promise<'done' | 'not_as_asked'> {
  let result: 'done' | 'not_as_asked' = 'done';
  for (const told of refunds) {
    const known = await findStored(tx, donation.id, told);
    if (!isAsKnown(donation, known, told)) {
      const { id: stripeId, amount, currency } = told;
      const refund = { donationId: donation.id, refundId: known?.id, stripeId, amount, currency };
      ctx.log.error(refund, 'Stripe tells of a refund that is not as we know it');
      result = 'not_as_asked';
    } else if (known) await moveForward(ctx, tx, known, told);
    else {
      const { id: stripeId, amount, status } = told;
      await addRefund(ctx, tx, { donationId: donation.id, stripeId, amount, status });
    }
  }
  return result;
}

/** The refund that is known by Stripe's id, or by ours as long as it has none of Stripe's. */
async function findStored(
  tx: Transaction,
  donationId: number,
  { id: stripeId, ourId }: RefundAtStripe,
): Promise<Refund | null> {
  const known = await tx.refund.findUnique({ where: { stripeId } });
  if (known || ourId === null) return known;
  return tx.refund.findFirst({ where: { id: ourId, donationId, stripeId: null } });
}

function isAsKnown(
  { id: donationId, currency: paidIn }: LockedDonation,
  known: Refund | null,
  { amount, currency }: RefundAtStripe,
): boolean {
  const isItsMoney = currency === null || paidIn === null || currency === paidIn;
  return isItsMoney && (!known || (known.donationId === donationId && known.amount === amount));
}

async function moveForward(
  { log }: Pick<Context, 'log'>,
  tx: Transaction,
  { id, donationId, automatic }: Refund,
  { id: stripeId, status }: RefundAtStripe,
): Promise<void> {
  await tx.refund.updateMany({ where: { id, stripeId: null }, data: { stripeId } });
  const moved = await tx.refund.updateMany({ where: { id, ...before(status) }, data: { status } });
  if (moved.count > 0 && status === 'failed') {
    const failed = { refundId: id, donationId, stripeId, owed: automatic };
    log.error(failed, automatic ? OWED : 'a refund failed at the bank');
  }
}

const OWED =
  'a payment that came too late did not go back: somebody must give it back by other means';

/** Stores money that went back by Stripe's doing alone, once. */
export async function addRefund(
  { now }: Pick<Context, 'now'>,
  tx: Transaction,
  refund: { donationId: number; stripeId: string; amount: number; status: string; reason?: string },
): Promise<void> {
  await tx.refund.createMany({ data: [{ ...refund, dateCreated: now }], skipDuplicates: true });
}

/** The states from which a refund goes forward to this one: what succeeded may still fail at the bank. */
function before(status: RefundAtStripe['status']): { status: { in: string[] } } {
  const earlier = { pending: [], succeeded: ['pending'], failed: ['pending', 'succeeded'] };
  return { status: { in: earlier[status] } };
}

function gatewayOf({ settings: { stripe } }: JobContext): PaymentGateway {
  if (!stripe) throw new Error('refunds wait for STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET');
  return stripe;
}
