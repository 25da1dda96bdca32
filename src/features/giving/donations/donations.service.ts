import type { z } from 'zod';
import { inBatches } from '../../../core/batches.js';
import type { Context, JobContext } from '../../../context.js';
import { whenViolated } from '../../../core/database-errors.js';
import { smallestPayment } from '../../../core/currencies.js';
import { Refusal, type FieldErrors } from '../../../core/errors.js';
import { fieldError, messageOf } from '../../../core/field-errors.js';
import { email } from '../../../core/fields.js';
import { countWithheldReceipt } from '../../../observability/metrics.js';
import type { DatedPlace, PageRequest } from '../../../core/page.js';
import { noSuchCampaign } from '../../fundraising/campaigns/campaigns.access.js';
import { tokenNotValid } from '../../accounts/sessions/tokens.js';
import type { GivenRow } from './donations.rows.js';
import {
  findDonations,
  forgetUnpaid,
  storeGift,
  type Gift,
  type Giving,
} from './donations.queries.js';
import type { NewDonation } from './donations.schemas.js';

export { findGiven as listGiven, findGift } from './donations.queries.js';

/** The donor's name when a parent gives without one. */
const NAMELESS = 'A friend';

/** Milliseconds for which a gift that was never paid is kept: longer than any payment is on its way. */
const UNPAID_KEPT = 30 * 24 * 60 * 60 * 1000;

const REQUIRED = [fieldError('required')];

type DonationInput = z.output<typeof NewDonation>;

/**
 * What the rules say of a gift: a guest tells name and email, whether or not the gift is anonymous, and what is
 * to be paid at Stripe is as much as Stripe takes.
 */
export function donationErrors(
  { parent, settings }: Context,
  input: Partial<DonationInput>,
): FieldErrors {
  const least = settings.payments === 'stripe' ? smallestPayment(settings.currency) : 1;
  const isTooLittle = input.amount !== undefined && input.amount < least;
  return {
    ...(isTooLittle && { amount: [fieldError('tooSmall', { min: least })] }),
    ...(!parent && guestErrors(input)),
  };
}

function guestErrors(input: Partial<DonationInput>): FieldErrors {
  const address = input.donor_email ? email.safeParse(input.donor_email) : undefined;
  return {
    ...(!input.donor_name && { donor_name: REQUIRED }),
    ...(!address && { donor_email: REQUIRED }),
    ...(address?.error && {
      donor_email: address.error.issues.map(messageOf),
    }),
  };
}

/**
 * Gives to a campaign. A pledge counts at once; what is to be paid at Stripe is pending until that is done.
 * @throws Refusal 404 when there is no such campaign, `campaign_closed` when it takes no gifts.
 */
export async function donate(
  ctx: Context,
  campaignId: number,
  input: DonationInput,
): Promise<GivenRow> {
  const gift = giftOf(ctx, input);
  const giving = givingOf(ctx);
  const outcome = await storeGift(ctx, campaignId, gift, giving).catch(
    whenViolated('donations_donor_id_fkey', tokenNotValid),
  );
  if (!outcome) throw noSuchCampaign();
  const { donationId, ...campaign } = outcome;
  if (donationId === null) throw campaignClosed();
  if (giving === 'withoutReceipt') {
    countWithheldReceipt();
    ctx.log.info({ donationId }, 'a receipt is not mailed: its network names too many mailboxes');
  }
  const donorEmail = ctx.parent?.email ?? gift.guestEmail ?? '';
  return { ...gift, ...campaign, id: donationId, donorEmail, refunded: 0 };
}

/** Whose receipt follows a payment is mailed it in any case. */
function givingOf({ settings, client }: Context): Giving {
  if (settings.payments === 'stripe') return 'pending';
  return client.namesTooMany ? 'withoutReceipt' : 'completed';
}

/** The refusal of a gift to a campaign that is closed. */
export function campaignClosed(): Refusal {
  return new Refusal('campaign_closed', 'This campaign takes no more donations.');
}

/** A page of a campaign's gifts, and whether the asking parent owns it. @throws Refusal 404. */
export async function listDonations(
  ctx: Context,
  campaignId: number,
  query: PageRequest<DatedPlace>,
) {
  const donations = await findDonations(ctx, campaignId, query);
  if (!donations) throw noSuchCampaign();
  return donations;
}

/** Deletes what is stored of gifts that expired or failed and were begun over 30 days ago: nobody paid them. */
export async function forgetUnpaidGifts(ctx: JobContext): Promise<void> {
  const before = new Date(ctx.now.getTime() - UNPAID_KEPT);
  await inBatches((limit) => forgetUnpaid(ctx, before, limit));
}

/** @throws Refusal 404 when there is no such campaign. */
export async function campaignExists(ctx: Context, { id }: { id: number }): Promise<void> {
  const found = await ctx.db.prisma.campaign.findUnique({ where: { id }, select: { id: true } });
  if (!found) throw noSuchCampaign();
}

function giftOf({ parent }: Context, input: DonationInput): Gift {
  const { amount, comment = '', anonymous = false, donor_name: name } = input;
  const gift = { amount, comment, anonymous };
  if (!parent) {
    return { ...gift, donorId: null, donorName: name ?? '', guestEmail: input.donor_email ?? '' };
  }
  return {
    ...gift,
    donorId: parent.id,
    donorName: name || parent.firstName || NAMELESS,
    guestEmail: null,
  };
}
