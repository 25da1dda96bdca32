import type { JobContext } from '../../../context.js';
import { formatMoney, toMinor } from '../../../core/money.js';
import { presentOwnDonation } from '../donations/donations.presenter.js';
import type { DonationRow } from '../donations/donations.rows.js';
import { receiptToken } from './receipts.access.js';
import { presentReceipt } from './receipts.presenter.js';
import { findForDonor, findForParent, type DonorRow } from './receipts.queries.js';

/** What a mail to a donor tells, and to whom. */
export interface DonorMail {
  to: string;
  name: string;
  /** With its currency. */
  amount: string;
  /** Null where neither its parent nor the donor has proven to read the own address. */
  title: string | null;
  /** Null as the title is, and once the campaign is gone. */
  childName: string | null;
  number: string;
  /** Opens the receipt without signing in; undefined where our own address is not known. */
  link: string | undefined;
}

/** What a mail to the parent tells, and to whom. */
export interface NoticeMail {
  to: string;
  name: string;
  donorName: string;
  anonymous: boolean;
  /** With its currency. */
  amount: string;
  title: string;
}

/** What to mail to a donor with the receipt; null when the donor is gone, or nothing is left of the gift. */
export async function giftReceiptMail(ctx: JobContext, id: number): Promise<DonorMail | null> {
  const row = await findForDonor(ctx, id);
  if (!row || !counts(row)) return null;
  return donorMail(ctx, row);
}

/**
 * What to mail to the donor of a payment that came too late; null when the donor is gone. Each such mail has cost
 * a payment, and who has paid must hear of it.
 */
export async function giftReturnedMail(ctx: JobContext, id: number): Promise<DonorMail | null> {
  const row = await findForDonor(ctx, id);
  return row ? donorMail(ctx, row) : null;
}

/**
 * What to mail to the parent about a gift; null when its campaign is gone, nothing is left of it, or the parent
 * has not proven to read that address.
 */
export async function giftNoticeMail(ctx: JobContext, id: number): Promise<NoticeMail | null> {
  const row = await findForParent(ctx, id);
  if (!row?.isVerified || !counts(row)) return null;
  const { donor_name: donorName, anonymous } = presentOwnDonation(row);
  const amount = formatMoney(row.amount, row.currency ?? ctx.settings.currency);
  const { parentEmail: to, parentFirstName: name, campaignTitle: title } = row;
  return { to, name, donorName, anonymous, amount, title };
}

function donorMail({ settings }: JobContext, row: DonorRow): DonorMail | null {
  if (row.donorEmail === null) return null;
  const { number, amount, currency, campaign } = presentReceipt(row, settings.currency);
  // Anyone may name another's address: only those who have proven theirs are sent the words of people who haven't.
  const { isVerified, isOwnerVerified } = row;
  const isQuoted = isVerified || isOwnerVerified;
  const path = `donations/${row.id}/receipt/?token=${receiptToken(settings, row.id)}`;
  return {
    to: row.donorEmail,
    name: isVerified ? (row.greeting ?? '') : '',
    amount: formatMoney(amount, currency),
    title: isQuoted ? campaign.title : null,
    childName: isQuoted ? campaign.child_name : null,
    number,
    link: settings.publicUrl && `${settings.publicUrl}/${path}`,
  };
}

function counts({ status, amount, refunded }: DonationRow): boolean {
  return status === 'completed' && refunded < toMinor(amount);
}
