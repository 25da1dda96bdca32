import type { Context } from '../../../context.js';
import { toMinor } from '../../../core/money.js';
import { NotUnderstood, PaymentRefused, RequestChanged } from '../../../integrations/stripe.js';
import type { GivenRow } from '../donations/donations.rows.js';
import { campaignClosed, findGift } from '../donations/donations.service.js';
import { AWAY, refuseWhileAway } from './stripe-outage.js';
import { paymentsBroken, refusalOfPayment } from './refused-payments.js';
import { statusToken } from '../donations/status.access.js';

/**
 * Opens the page at Stripe where a pending gift is paid; asked again, the same one. Null when the gift is
 * pending no more.
 * @throws Refusal `unavailable` while Stripe is away, or for what is ours to mend, `payment_refused`,
 * `campaign_closed`; InvalidInput when Stripe doesn't take the amount or the address.
 */
export async function openCheckout(
  ctx: Context,
  donationId: number,
): Promise<{ gift: GivenRow; url: string } | null> {
  const gift = await findGift(ctx, donationId);
  if (gift?.status !== 'pending') return null;
  if (!gift.isOpen) {
    await endWithoutCheckout(ctx, donationId, 'expired');
    throw campaignClosed();
  }
  const session = await askStripe(ctx, gift);
  if (!session) return null;
  await ctx.db.prisma.checkout.createMany({
    data: [
      {
        donationId,
        sessionId: session.sessionId,
        currency: ctx.settings.currency,
        askedAt: ctx.now,
      },
    ],
    skipDuplicates: true,
  });
  return { gift, url: session.url };
}

async function askStripe(
  ctx: Context,
  gift: GivenRow,
): Promise<{ sessionId: string; url: string } | null> {
  const { stripe, currency, frontendUrl = '' } = ctx.settings;
  if (!stripe) throw new Error('PAYMENTS=stripe was started without the way to Stripe');
  const page = `${frontendUrl}/donations/${gift.id}`;
  const madeAt = new Date(gift.dateDonated);
  // After the #, which browsers keep to themselves: neither servers nor other sites see it.
  const token = statusToken(ctx.settings, { id: gift.id, madeAt });
  try {
    return await stripe.openCheckout({
      donationId: gift.id,
      madeAt,
      amount: toMinor(gift.amount),
      currency,
      title: gift.campaignTitle ?? '',
      email: gift.donorEmail,
      successUrl: `${page}/success#token=${token}`,
      cancelUrl: `${page}/cancelled#token=${token}`,
    });
  } catch (error) {
    refuseWhileAway(ctx, error, AWAY);
    if (error instanceof PaymentRefused || error instanceof NotUnderstood) {
      ctx.log.error({ err: error, donationId: gift.id }, 'Stripe opened no checkout');
      const refusal = error instanceof PaymentRefused ? refusalOfPayment(error) : null;
      // Pending, it can be resumed by its key once the fault is mended.
      if (!refusal) throw paymentsBroken();
      await endWithoutCheckout(ctx, gift.id, 'failed');
      throw refusal;
    }
    if (!(error instanceof RequestChanged)) throw error;
    // Title or address changed between two attempts: the page of the first was never shown to anybody.
    await endWithoutCheckout(ctx, gift.id, 'expired');
    return null;
  }
}

async function endWithoutCheckout(
  { db }: Context,
  id: number,
  status: 'failed' | 'expired',
): Promise<void> {
  await db.prisma.donation.updateMany({ where: { id, status: 'pending' }, data: { status } });
}
