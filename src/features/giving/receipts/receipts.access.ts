import type { Context, Settings } from '../../../context.js';
import { Refusal } from '../../../core/errors.js';
import { longToken, sameHash } from '../../../core/one-time-secrets.js';
import { noSuchDonation } from '../donations/donations.access.js';
import type { ReceiptRow } from './receipts.presenter.js';
import { findForDonor } from './receipts.queries.js';

const PURPOSE = 'receipt of a donation';

/** What opens the receipt of one gift without signing in: for ever, as it is wanted at tax time. */
export function receiptToken({ jwtSecret }: Settings, donationId: number): string {
  return longToken(jwtSecret, PURPOSE, Buffer.from(String(donationId)));
}

/** Whether a token is the one of the link from the mail. */
export function opensReceipt(
  settings: Settings,
  { id, token }: { id: number; token: string },
): boolean {
  return isSame(token, receiptToken(settings, id));
}

/**
 * A gift whose receipt the caller may see: the donor, or who has the link from the mail.
 * @throws Refusal 401 for a visitor without a token, 404 when there is no such gift, 403.
 */
export async function findReceipt(ctx: Context, wanted: WantedGift): Promise<ReceiptRow> {
  const { id } = wanted;
  return findOwnGift(ctx, wanted, (token) => opensReceipt(ctx.settings, { id, token }));
}

/** A gift, and what may open it to who is not its donor. */
interface WantedGift {
  id: number;
  token?: string | undefined;
}

/** A gift that the caller may see: the donor, or who has a token that opens it. @throws as `findReceipt`. */
export async function findOwnGift(
  ctx: Context,
  { id, token }: WantedGift,
  opens: (token: string) => boolean,
): Promise<ReceiptRow> {
  const { parent } = ctx;
  if (!parent && token === undefined) {
    throw new Refusal('not_authenticated', 'Sign in first, or open the link from the mail.');
  }
  const gift = await findForDonor(ctx, id);
  if (!gift) throw noSuchDonation();
  const isDonor = parent !== null && parent.id === gift.donorId;
  const hasLink = token !== undefined && opens(token);
  if (!isDonor && !hasLink) {
    throw new Refusal('permission_denied', 'Only the donor may see this.');
  }
  // The link went to an address that the donor's account may have left since.
  return isDonor || gift.donorId === null ? gift : { ...gift, donorEmail: null };
}

function isSame(one: string, other: string): boolean {
  return sameHash(Buffer.from(one), Buffer.from(other));
}
