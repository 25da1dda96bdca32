import type { z } from 'zod';
import { presentGivenDonation } from '../donations/donations.presenter.js';
import type { GivenRow } from '../donations/donations.rows.js';
import type { ReceiptForm } from './receipts.schemas.js';

/** A gift as its donor sees it, or whoever has the link once the donor is erased. */
export interface ReceiptRow extends Omit<GivenRow, 'donorEmail'> {
  /** Null once the donor is erased. */
  donorEmail: string | null;
  /** What it was paid in; null for a pledge. */
  currency: string | null;
}

/** The receipt of a gift. */
export function presentReceipt(row: ReceiptRow, currency: string): z.input<typeof ReceiptForm> {
  const { donorEmail } = row;
  const gift = presentGivenDonation({ ...row, donorEmail: donorEmail ?? '' });
  return {
    number: receiptNumber(gift),
    donation: gift.id,
    amount: gift.amount,
    refunded_amount: gift.refunded_amount,
    currency: row.currency ?? currency,
    donor_name: gift.donor_name,
    donor_email: donorEmail,
    date_donated: gift.date_donated,
    campaign: { title: gift.campaign.title, child_name: gift.campaign.child_name },
  };
}

/** Derived, not stored: no two gifts have an id in common, and a completed one keeps its date. */
function receiptNumber({ id, date_donated: date }: { id: number; date_donated: string }): string {
  return `DJ-${new Date(date).getUTCFullYear()}-${String(id).padStart(8, '0')}`;
}
