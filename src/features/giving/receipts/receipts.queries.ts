import type { Context } from '../../../context.js';
import { columns } from '../../../database/columns.js';
import { statement } from '../../../database/statement.js';
import {
  BEGUN_GIFTS,
  OWN_DONATION,
  PUBLIC_DONATION,
  type DonationRow,
} from '../donations/donations.rows.js';
import type { ReceiptRow } from './receipts.presenter.js';

/** A gift to be told to its donor: the greeting is the account's first name, or what the guest wrote. */
export interface DonorRow extends ReceiptRow {
  greeting: string | null;
  /** Whether the address is known to be the donor's own. */
  isVerified: boolean;
  /** Whether that of the campaign's parent is known to be the parent's own; true where the campaign is gone. */
  isOwnerVerified: boolean;
}

/** A gift to be told to the parent of the campaign's child. The donor's address isn't even read. */
export interface NoticeRow extends DonationRow {
  campaignTitle: string;
  parentEmail: string;
  parentFirstName: string;
  /** Whether that address is known to be the parent's own. */
  isVerified: boolean;
  /** What it was paid in; null for a pledge. */
  currency: string | null;
}

const FOR_DONOR = statement(`
  SELECT ${columns<DonorRow>({
    ...OWN_DONATION,
    campaignId: 'c.id',
    campaignTitle: 'c.title',
    campaignGoal: 'c.goal',
    childName: 'ch.public_name',
    greeting: 'coalesce(donor.first_name, d.donor_name)',
    isVerified: 'donor.email_verified_at IS NOT NULL',
    isOwnerVerified: '(owner.id IS NULL OR owner.email_verified_at IS NOT NULL)',
    currency: 'k.currency',
  })}
    FROM donations d
    LEFT JOIN checkouts k ON k.donation_id = d.id
    LEFT JOIN parents donor ON donor.id = d.donor_id
    LEFT JOIN campaigns c ON c.id = d.campaign_id
    LEFT JOIN children ch ON ch.id = c.child_id
    LEFT JOIN parents owner ON owner.id = ch.parent_id
   WHERE d.id = $1 AND ${BEGUN_GIFTS}`);

const FOR_PARENT = statement(`
  SELECT ${columns<NoticeRow>({
    ...PUBLIC_DONATION,
    campaignTitle: 'c.title',
    parentEmail: 'parent.email',
    parentFirstName: 'parent.first_name',
    isVerified: 'parent.email_verified_at IS NOT NULL',
    currency: 'k.currency',
  })}
    FROM donations d
    LEFT JOIN checkouts k ON k.donation_id = d.id
    JOIN campaigns c ON c.id = d.campaign_id
    JOIN children ch ON ch.id = c.child_id
    JOIN parents parent ON parent.id = ch.parent_id
   WHERE d.id = $1`);

/** A gift with what its donor may know; undefined if there is none, or it was never begun. */
export async function findForDonor(
  { db }: Pick<Context, 'db'>,
  id: number,
): Promise<DonorRow | undefined> {
  const [row] = await db.query<DonorRow>(FOR_DONOR, [id]);
  return row;
}

/** A gift with what the campaign's owner is told of it; undefined once the campaign is gone. */
export async function findForParent(
  { db }: Pick<Context, 'db'>,
  id: number,
): Promise<NoticeRow | undefined> {
  const [row] = await db.query<NoticeRow>(FOR_PARENT, [id]);
  return row;
}
