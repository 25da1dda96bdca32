import type { Context } from '../../core/context.js';
import { statement } from '../../core/database.js';
import {
  BEGUN_GIFTS,
  DONATION_COLUMNS,
  OWN_DONATION_COLUMNS,
  type DonationRow,
} from '../donations/donations.presenter.js';
import type { ReceiptRow } from './receipts.presenter.js';

/** A gift to be told to its donor: the greeting is the account's first name, or what the guest wrote. */
export interface DonorRow extends ReceiptRow {
  greeting: string | null;
  /** Whether the address is known to be the donor's own. */
  isVerified: boolean;
}

/** A gift to be told to the parent of the campaign's child. The donor's address isn't even read. */
export interface NoticeRow extends DonationRow {
  campaignTitle: string;
  parentEmail: string;
  parentFirstName: string;
  /** What it was paid in; null for a pledge. */
  currency: string | null;
}

const FOR_DONOR = statement(`
  SELECT ${OWN_DONATION_COLUMNS}, c.id AS "campaignId", c.title AS "campaignTitle", c.goal AS "campaignGoal",
         ch.public_name AS "childName", coalesce(donor.first_name, d.donor_name) AS greeting,
         donor.email_verified_at IS NOT NULL AS "isVerified", k.currency
    FROM donations d
    LEFT JOIN checkouts k ON k.donation_id = d.id
    LEFT JOIN parents donor ON donor.id = d.donor_id
    LEFT JOIN campaigns c ON c.id = d.campaign_id
    LEFT JOIN children ch ON ch.id = c.child_id
   WHERE d.id = $1 AND ${BEGUN_GIFTS}`);

const FOR_PARENT = statement(`
  SELECT ${DONATION_COLUMNS}, NULL::int AS "donorId", NULL AS "donorEmail", c.title AS "campaignTitle",
         parent.email AS "parentEmail", parent.first_name AS "parentFirstName", k.currency
    FROM donations d
    LEFT JOIN checkouts k ON k.donation_id = d.id
    JOIN campaigns c ON c.id = d.campaign_id
    JOIN children ch ON ch.id = c.child_id
    JOIN parents parent ON parent.id = ch.parent_id
   WHERE d.id = $1`);

/** The gifts with an address: by guests and by the donor's account. What was never paid caused no mail. */
const CROWD_OF_DONOR = statement(`
  SELECT earlier.date_donated > d.date_donated - interval '1 hour' AS crowded
    FROM donations d LEFT JOIN parents donor ON donor.id = d.donor_id
    CROSS JOIN LATERAL (
      (SELECT b.id, b.date_donated FROM donations b
        WHERE b.donor_email IS NOT NULL AND lower(b.donor_email) = lower(coalesce(donor.email, d.donor_email))
          AND b.id < d.id AND b.status = 'completed' ORDER BY b.id DESC LIMIT $2::int)
      UNION ALL
      (SELECT b.id, b.date_donated FROM donations b
        WHERE b.donor_id = d.donor_id AND b.id < d.id AND b.status = 'completed' ORDER BY b.id DESC LIMIT $2::int)
      ORDER BY id DESC OFFSET $2::int - 1 LIMIT 1) earlier
   WHERE d.id = $1`);

const CROWD_OF_CAMPAIGN = statement(`
  SELECT earlier.date_donated > d.date_donated - interval '1 hour' AS crowded
    FROM donations d
    CROSS JOIN LATERAL (
      SELECT b.date_donated FROM donations b
       WHERE b.campaign_id = d.campaign_id AND b.id < d.id AND b.status = 'completed'
       ORDER BY b.id DESC OFFSET $2::int - 1 LIMIT 1) earlier
   WHERE d.id = $1`);

const CROWDS = { donor: CROWD_OF_DONOR, campaign: CROWD_OF_CAMPAIGN };

/**
 * Whether at least so many gifts were completed within the hour before this one: with its donor's address, or
 * for its campaign.
 */
export async function isCrowded(
  { db }: Pick<Context, 'db'>,
  of: keyof typeof CROWDS,
  id: number,
  most: number,
): Promise<boolean> {
  const [row] = await db.query<{ crowded: boolean }>(CROWDS[of], [id, most]);
  return row?.crowded ?? false;
}

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
