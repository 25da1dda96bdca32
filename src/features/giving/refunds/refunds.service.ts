import { columns } from '../../../database/columns.js';
import type { z } from 'zod';
import type { Context, ParentContext } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { statement } from '../../../database/statement.js';
import { DONATION_IS_LEFT_ALONE } from '../../../database/erased.js';
import { Refusal } from '../../../core/errors.js';
import { enqueue } from '../../../database/enqueue.js';
import { toMinor, unitsDown } from '../../../core/money.js';
import { idBound, pageOf, type Page, type PageRequest } from '../../../core/page.js';
import {
  lockDonation,
  noSuchDonation,
  type LockedDonation,
} from '../donations/donations.access.js';
import { notTheirs } from './refunds.access.js';
import type { RefundRow } from './refunds.presenter.js';
import type { NewRefund } from './refunds.schemas.js';

/** Why a gift went back is the owner's own word: it is shown as long as campaign and donor are there. */
const OF_DONATION = statement(`
  SELECT ${columns<RefundRow>({
    id: 'r.id',
    donationId: 'r.donation_id',
    amount: 'r.amount',
    status: 'r.status',
    dateCreated: 'r.date_created',
    reason: `CASE WHEN r.automatic OR NOT ${DONATION_IS_LEFT_ALONE} THEN r.reason ELSE '' END`,
  })}
    FROM refunds r JOIN donations d ON d.id = r.donation_id
   WHERE r.donation_id = $1 AND r.id < $2::bigint
   ORDER BY r.id DESC LIMIT $3`);

/**
 * Gives back a gift or a part of it: at once where it was a pledge, else by Stripe, soon after.
 * @throws Refusal `donation_not_completed`, `refund_too_large`, or 404 when the gift is gone.
 */
export async function refundDonation(
  ctx: ParentContext,
  donationId: number,
  { amount, reason = '' }: z.output<typeof NewRefund>,
): Promise<RefundRow> {
  return ctx.db.transaction(async (tx) => {
    const donation = await lockDonation(ctx, tx, donationId);
    if (!donation) throw noSuchDonation();
    // Again, under the lock: the campaign may have gone, and its owner with it.
    if (!ctx.parent.isStaff && donation.ownerId !== ctx.parent.id) throw notTheirs();
    if (donation.status !== 'completed') {
      throw new Refusal(
        'donation_not_completed',
        'Only a gift that was completed can be refunded.',
      );
    }
    const left = leftOf(donation);
    const wanted = amount === undefined ? left : toMinor(amount);
    if (wanted === 0 || wanted > left) throw tooLarge(left);
    // Once the campaign is gone, nothing is kept that may tell of it.
    return storeRefund(ctx, tx, donation, {
      amount: wanted,
      reason: donation.ownerId === null ? '' : reason,
      automatic: false,
    });
  });
}

/** Gives back all that is left of a gift that the caller has locked; nothing if nothing is. */
export async function refundInFull(
  ctx: Pick<Context, 'now'>,
  tx: Transaction,
  donation: LockedDonation,
  reason: string,
): Promise<void> {
  const left = leftOf(donation);
  if (left > 0) await storeRefund(ctx, tx, donation, { amount: left, reason, automatic: true });
}

/** In minor units. */
function leftOf({ amount, refunded }: LockedDonation): number {
  return toMinor(amount) - refunded;
}

async function storeRefund(
  { now }: Pick<Context, 'now'>,
  tx: Transaction,
  { id: donationId, paymentIntent }: LockedDonation,
  refund: { amount: number; reason: string; automatic: boolean },
): Promise<RefundRow> {
  const status = paymentIntent === null ? 'succeeded' : 'pending';
  const stored = await tx.refund.create({
    data: { donationId, status, ...refund, dateCreated: now },
  });
  if (status === 'pending') await enqueueRefund(tx, stored.id);
  return stored;
}

/** Has Stripe carry out a refund, now or at a later moment, in place of a job of its that waits. */
export async function enqueueRefund(tx: Transaction, refundId: number, at?: Date): Promise<void> {
  await enqueue(tx, 'send_refund', { refundId }, { key: `refund ${refundId}`, at });
}

/** A page of a gift's refunds, newest first. */
export async function listRefunds(
  ctx: ParentContext,
  donationId: number,
  { page_size: size, cursor }: PageRequest<{ id: number }>,
): Promise<Page<RefundRow>> {
  const rows = await ctx.db.query<RefundRow>(OF_DONATION, [donationId, idBound(cursor), size + 1]);
  return pageOf(rows, size, ({ id }) => ({ id }));
}

function tooLarge(left: number): Refusal {
  const whole = unitsDown(left);
  const told =
    left === 0 ? 'Nothing is left of this gift.' : `At most ${whole} is left of this gift.`;
  const rest =
    left > toMinor(whole) ? ' Leave out the amount to refund the rest to the last cent.' : '';
  return new Refusal('refund_too_large', told + rest);
}
