import { inBatches } from '../../../core/batches.js';
import type { JobContext } from '../../../context.js';
import { isRefused } from '../../../core/database-errors.js';
import {
  NotUnderstood,
  PaymentRefused,
  type PaymentGateway,
} from '../../../integrations/stripe.js';
import { reconcileRefunds } from '../refunds/stripe-refunds.service.js';
import { newsOf, settleCheckout, type CheckoutNews } from './settlement.service.js';

/** Milliseconds. */
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** For how long a bank may take, at most, to bring the money or to say that it won't. */
const LONGEST_TRANSFER = 14 * DAY;

/** For how long an event is remembered: Stripe sends one again for three days at most. */
const EVENTS_KEPT = 30 * DAY;

/** Checkouts that are asked about in one go. */
const BATCH = 50;

/** Failures one after the other, after which the rest waits: then it is Stripe, and not one checkout. */
const MOST_IN_A_ROW = 3;

/**
 * Asks Stripe about what has been pending for over an hour, in case its events were lost, and lets gifts
 * expire for which no page to pay at was ever opened.
 * @throws PaymentsAway, or whatever else went wrong first, once everything else is done: one checkout or refund
 * must not keep the others from being asked about.
 */
export async function reconcilePayments(ctx: JobContext): Promise<void> {
  const { db, now } = ctx;
  const anHourAgo = new Date(now.getTime() - HOUR);
  await inBatches(async (limit) => {
    const where = { status: 'pending', dateDonated: { lte: anHourAgo }, checkout: { is: null } };
    const data = { status: 'expired' };
    return (await db.prisma.donation.updateMany({ where, data, limit })).count;
  });
  await inBatches(async (limit) => {
    const where = { receivedAt: { lte: new Date(now.getTime() - EVENTS_KEPT) } };
    return (await db.prisma.stripeEvent.deleteMany({ where, limit })).count;
  });
  const { stripe } = ctx.settings;
  if (!stripe) return;

  const failures: unknown[] = [];
  await reconcileRefunds(ctx).catch((error: unknown) => failures.push(error));
  failures.push(...(await reconcileCheckouts(ctx, stripe, anHourAgo)));
  if (failures.length > 0) throw failures[0];
}

/** Asks about checkouts that were not asked about since a moment, and gives what went wrong. */
async function reconcileCheckouts(
  ctx: JobContext,
  stripe: PaymentGateway,
  since: Date,
): Promise<unknown[]> {
  const { db, log, now } = ctx;
  const overdue = await db.prisma.checkout.findMany({
    where: {
      donation: { status: 'pending', dateDonated: { lte: since } },
      askedAt: { lte: since },
    },
    orderBy: { askedAt: 'asc' },
    take: BATCH,
  });
  const failures: unknown[] = [];
  let inARow = 0;
  for (const checkout of overdue) {
    if (inARow === MOST_IN_A_ROW) break;
    const { donationId } = checkout;
    try {
      await reconcileCheckout(ctx, stripe, checkout);
      inARow = 0;
    } catch (error) {
      if (isRefused(error)) {
        log.error({ err: error, donationId }, 'what Stripe tells of a checkout can not be stored');
      } else {
        failures.push(error);
        inARow += 1;
        log.warn({ err: error, donationId }, 'a checkout could not be reconciled');
      }
      // To the end of the line: what fails each time must not stand in front of the others each time.
      await db.prisma.checkout.updateMany({ where: { donationId }, data: { askedAt: now } });
    }
  }
  return failures;
}

async function reconcileCheckout(
  ctx: JobContext,
  stripe: PaymentGateway,
  { donationId, sessionId }: { donationId: number; sessionId: string },
): Promise<void> {
  const news = await askFor(ctx, stripe, sessionId);
  const tooLongAgo = new Date(ctx.now.getTime() - LONGEST_TRANSFER);
  await ctx.db.transaction(async (tx) => {
    if (news) await settleCheckout(ctx, tx, news);
    // Should the money come all the same, its event still completes the gift.
    await tx.donation.updateMany({
      where: { id: donationId, status: 'pending', dateDonated: { lte: tooLongAgo } },
      data: { status: 'failed' },
    });
    await tx.checkout.updateMany({ where: { donationId }, data: { askedAt: ctx.now } });
  });
}

/** Null when Stripe can't tell: that is no reason not to ask about the others. */
async function askFor(
  { log }: JobContext,
  stripe: PaymentGateway,
  sessionId: string,
): Promise<CheckoutNews | null> {
  try {
    return newsOf(await stripe.findCheckout(sessionId));
  } catch (error) {
    if (!(error instanceof PaymentRefused || error instanceof NotUnderstood)) throw error;
    log.error({ err: error }, 'Stripe could not tell what became of a checkout');
    return null;
  }
}
