import type { Context } from '../../core/context.js';
import { Refusal } from '../../core/errors.js';
import { toMinor } from '../../core/money.js';
import { PaymentRefused, RequestChanged } from '../../integrations/stripe.js';
import type { GivenRow } from '../donations/donations.presenter.js';
import { campaignClosed, findGift } from '../donations/donations.service.js';
import { refuseWhileAway } from './away.js';

/**
 * Opens the page at Stripe where a pending gift is paid; asked again, the same one. Null when the gift is
 * pending no more.
 * @throws Refusal `unavailable` while Stripe is away or rejects our key, `payment_refused`, `campaign_closed`.
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

const AWAY =
  'Payments are not available right now. Try again in a moment, with the same Idempotency-Key if you sent one.';

async function askStripe(
  ctx: Context,
  gift: GivenRow,
): Promise<{ sessionId: string; url: string } | null> {
  const { stripe, currency, frontendUrl = '' } = ctx.settings;
  if (!stripe) throw new Error('PAYMENTS=stripe was started without the way to Stripe');
  const page = `${frontendUrl}/donations/${gift.id}`;
  try {
    return await stripe.openCheckout({
      donationId: gift.id,
      madeAt: new Date(gift.dateDonated),
      amount: toMinor(gift.amount),
      currency,
      title: gift.campaignTitle ?? '',
      email: gift.donorEmail,
      successUrl: `${page}/success`,
      cancelUrl: `${page}/cancelled`,
    });
  } catch (error) {
    refuseWhileAway(ctx, error, AWAY);
    if (error instanceof PaymentRefused) {
      ctx.log.error({ err: error }, 'Stripe refused a checkout');
      await endWithoutCheckout(ctx, gift.id, 'failed');
      throw new Refusal(
        'payment_refused',
        'This payment can not be made. Check the email address.',
      );
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
