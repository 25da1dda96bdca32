import type { Context } from '../../../context.js';
import { Refusal } from '../../../core/errors.js';
import { findReceipt } from './receipts.access.js';
import type { ReceiptRow } from './receipts.presenter.js';

/**
 * The gift of which a receipt is wanted.
 * @throws Refusal 401, 404, 403, and `donation_not_completed` for a gift that hasn't been paid.
 */
export async function getReceipt(
  ctx: Context,
  wanted: { id: number; token?: string | undefined },
): Promise<ReceiptRow> {
  const gift = await findReceipt(ctx, wanted);
  if (gift.status !== 'completed') {
    throw new Refusal('donation_not_completed', 'There is a receipt once the gift is completed.');
  }
  return gift;
}
