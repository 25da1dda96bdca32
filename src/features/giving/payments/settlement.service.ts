import type { Context } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { enqueueGiftMails } from '../../../database/enqueue.js';
import { toMinor } from '../../../core/money.js';
import type { Checkout } from '../../../integrations/stripe.js';
import { lockDonation, type LockedDonation } from '../donations/donations.access.js';
import { refundInFull } from '../refunds/refunds.service.js';

/** Why a payment goes back that came when its campaign had closed. */
const TOO_LATE = 'The campaign had closed when the payment arrived.';

type Settling = Pick<Context, 'now' | 'log' | 'settings'>;

/** What Stripe says of a checkout: `awaiting` when the payer is through and the money is on its way. */
export interface CheckoutNews extends Omit<Checkout, 'state'> {
  type: 'paid' | 'awaiting' | 'failed' | 'expired';
}

/** A checkout as Stripe has it now, as news. */
export function newsOf({ state, ...checkout }: Checkout): CheckoutNews {
  const types = { open: 'awaiting', unpaid: 'awaiting', paid: 'paid', expired: 'expired' } as const;
  return { type: types[state], ...checkout };
}

/**
 * Stores what became of a checkout. A state only goes forward, and money that came is the last word: told
 * twice or in another order, it comes to the same. What isn't ours, or not as we asked for it, has no effect.
 */
export async function settleCheckout(
  ctx: Settling,
  tx: Transaction,
  news: CheckoutNews,
): Promise<'done' | 'ignored' | 'not_as_asked'> {
  const { donationId, sessionId, paymentIntent, type } = news;
  if (donationId === null) return 'ignored';
  const donation = await lockDonation(ctx, tx, donationId);
  if (!donation || !isAsAsked(ctx, donation, news)) {
    const payment = { donationId, sessionId, paymentIntent, type };
    ctx.log.error(payment, 'Stripe tells of a checkout that is not as we asked for it');
    return 'not_as_asked';
  }
  const told = { sessionId, ...(paymentIntent !== null && { paymentIntent }) };
  // A page that nobody was shown, and that expired, leaves its gift as unseen as it was.
  if (donation.sessionId !== null || type !== 'expired') {
    await tx.checkout.upsert({
      where: { donationId },
      create: { donationId, currency: news.currency, askedAt: ctx.now, ...told },
      update: told,
    });
  }
  if (type === 'paid') await complete(ctx, tx, { ...donation, ...told });
  if (type === 'failed' || type === 'expired') {
    await tx.donation.updateMany({
      where: { id: donationId, status: 'pending' },
      data: { status: type },
    });
  }
  return 'done';
}

function isAsAsked(
  { settings }: Settling,
  donation: LockedDonation,
  { amount, currency, sessionId, madeAt, paymentIntent }: CheckoutNews,
): boolean {
  // Where the page was not stored, it names its gift and the moment of it: another installation may share
  // the account at Stripe. What counts without a page of ours is a pledge, and never to be paid at Stripe.
  const isItsPage =
    donation.sessionId === null
      ? donation.status !== 'completed' && madeAt?.getTime() === donation.dateDonated.getTime()
      : donation.sessionId === sessionId;
  const isItsAmount = amount === toMinor(donation.amount);
  // A page has one payment, and refunds go by it: no later news may put another in its place.
  const isItsPayment = [null, paymentIntent].includes(donation.paymentIntent);
  return (
    isItsPage &&
    isItsAmount &&
    isItsPayment &&
    currency === (donation.currency ?? settings.currency)
  );
}

/** The gift counts from now on; one that came too late goes back in the same moment, and never counts. */
async function complete(ctx: Settling, tx: Transaction, donation: LockedDonation): Promise<void> {
  if (donation.status === 'completed') return;
  const { id, isOpen } = donation;
  if (!isOpen) await refundInFull(ctx, tx, donation, TOO_LATE);
  await tx.donation.updateMany({
    where: { id, status: { not: 'completed' } },
    data: { status: 'completed', dateDonated: ctx.now },
  });
  // What went back before we heard of the payment is nobody's gift any more.
  if (donation.refunded === toMinor(donation.amount)) return;
  await enqueueGiftMails(tx, id, isOpen ? ['gift_receipt', 'gift_notice'] : ['gift_returned']);
}
