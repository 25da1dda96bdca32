import type { Context, ParentContext } from '../../../context.js';
import { columns } from '../../../database/columns.js';
import { statement } from '../../../database/statement.js';
import { giftMails, type GiftMail } from '../../../database/enqueue.js';
import {
  datedBound,
  pageOf,
  type DatedPlace,
  type Page,
  type PageRequest,
} from '../../../core/page.js';
import { isOpenAt } from '../../fundraising/campaigns/campaigns.access.js';
import {
  BEGUN_GIFTS,
  COUNTED_GIFTS,
  DONOR_EMAIL,
  GIVEN,
  NEWEST_FIRST,
  olderThan,
  OWN_DONATION,
  PUBLIC_DONATION,
  placeOf,
  type DonationRow,
  type GivenRow,
} from './donations.rows.js';

/** A gift to be stored. A guest has an email and no donor, a parent the reverse. */
export interface Gift {
  amount: number;
  comment: string;
  anonymous: boolean;
  donorName: string;
  donorId: number | null;
  guestEmail: string | null;
}

/** The campaign under its lock, and the gift if the campaign was open. */
interface GiftOutcome {
  donationId: number | null;
  dateDonated: Date;
  status: DonationRow['status'];
  campaignId: number;
  campaignTitle: string;
  campaignGoal: number;
  childName: string;
}

interface DonationsOfCampaign {
  owned: boolean;
  page: Page<DonationRow, DatedPlace>;
}

/**
 * One statement, and so one transaction: it locks the campaign's row, looks under the lock whether it is open,
 * stores the gift, its trigger moves the totals, and the mails are enqueued. A closing waits for it, or it for
 * the closing. The donor is locked first, as the end of an account does, so that the two never wait for each
 * other.
 */
const give = (status: 'completed' | 'pending', mails: GiftMail[]) =>
  statement(`
  WITH donor AS MATERIALIZED (
    SELECT id FROM parents WHERE id = $2 FOR KEY SHARE
  ), campaign AS MATERIALIZED (
    SELECT c.id, c.title, c.goal, ${isOpenAt('$8::timestamptz')} AS is_open, ch.public_name
      FROM campaigns c JOIN children ch ON ch.id = c.child_id
     WHERE c.id = $1 AND (SELECT count(*) FROM donor) >= 0 FOR NO KEY UPDATE OF c
  ), gift AS (
    INSERT INTO donations (campaign_id, donor_id, amount, comment, anonymous, donor_name, donor_email, date_donated, status)
    SELECT id, $2::int, $3::int, $4, $5::boolean, $6, $7, $8::timestamptz, '${status}' FROM campaign WHERE is_open
    RETURNING id, date_donated, status
  )${mails.length > 0 ? `, mails AS (${giftMails('gift', mails)})` : ''}
  SELECT ${columns<GiftOutcome>({
    donationId: 'gift.id',
    dateDonated: 'gift.date_donated',
    status: 'gift.status',
    campaignId: 'campaign.id',
    campaignTitle: 'campaign.title',
    campaignGoal: 'campaign.goal',
    childName: 'campaign.public_name',
  })}
    FROM campaign LEFT JOIN gift ON true`);

const GIVE = {
  completed: give('completed', ['gift_receipt', 'gift_notice']),
  withoutReceipt: give('completed', ['gift_notice']),
  pending: give('pending', []),
};

const COUNTED_OF_CAMPAIGN = `
  SELECT ${columns<DonationRow>(PUBLIC_DONATION)} FROM donations d
   WHERE d.campaign_id = c.id AND ${COUNTED_GIFTS}`;

const FOR_VISITORS = statement(`
  SELECT false AS owned, gift.*
    FROM campaigns c
    LEFT JOIN LATERAL (
      ${COUNTED_OF_CAMPAIGN} AND ${olderThan('$2', '$3')}
       ORDER BY ${NEWEST_FIRST} LIMIT $4) gift ON true
   WHERE c.id = $1
   ORDER BY gift."dateDonated" DESC, gift.id DESC`);

/** Who may see the donors is decided in the same statement that reads them. */
const FOR_PARENTS = statement(`
  SELECT ch.parent_id = $5 AS owned, gift.*
    FROM campaigns c JOIN children ch ON ch.id = c.child_id
    LEFT JOIN LATERAL (
      (SELECT ${columns<DonationRow>(OWN_DONATION)}
         FROM donations d LEFT JOIN parents donor ON donor.id = d.donor_id
        WHERE ch.parent_id = $5 AND d.campaign_id = c.id AND ${BEGUN_GIFTS} AND ${olderThan('$2', '$3')}
        ORDER BY ${NEWEST_FIRST} LIMIT $4)
      UNION ALL
      (${COUNTED_OF_CAMPAIGN} AND ch.parent_id <> $5 AND ${olderThan('$2', '$3')}
        ORDER BY ${NEWEST_FIRST} LIMIT $4)) gift ON true
   WHERE c.id = $1
   ORDER BY gift."dateDonated" DESC, gift.id DESC`);

const ONE_GIVEN = statement(`
  SELECT gift.*, ${DONOR_EMAIL} AS "donorEmail", ${isOpenAt('$2::timestamptz')} AS "isOpen"
    FROM (${GIVEN} WHERE d.id = $1) gift
    JOIN donations d ON d.id = gift.id
    LEFT JOIN parents donor ON donor.id = d.donor_id
    LEFT JOIN campaigns c ON c.id = d.campaign_id`);

const GIVEN_BY = statement(`${GIVEN}
   WHERE d.donor_id = $1 AND ${olderThan('$2', '$3')} AND ${BEGUN_GIFTS}
   ORDER BY ${NEWEST_FIRST} LIMIT $4`);

/**
 * Some gifts that were never paid and are older than a moment. What went back is kept with its gift, and one that
 * somebody is at work on waits for the next time.
 */
const FORGET_UNPAID = statement(`
  WITH unpaid AS MATERIALIZED (
    SELECT d.id FROM donations d
     WHERE d.status IN ('expired', 'failed') AND d.date_donated <= $1
       AND NOT EXISTS (SELECT FROM refunds r WHERE r.donation_id = d.id)
     ORDER BY d.date_donated LIMIT $2::int FOR UPDATE SKIP LOCKED
  ), forgotten AS (
    DELETE FROM donations d USING unpaid WHERE d.id = unpaid.id RETURNING d.id
  )
  SELECT count(*)::int AS forgotten FROM forgotten`);

/** How a gift is stored: counting at once, with its receipt mailed or without, or to be paid. */
export type Giving = keyof typeof GIVE;

/** Stores a gift if its campaign is open. Gives undefined when there is no such campaign. */
export async function storeGift(
  ctx: Context,
  campaignId: number,
  gift: Gift,
  giving: Giving,
): Promise<GiftOutcome | undefined> {
  const [outcome] = await ctx.db.query<GiftOutcome>(GIVE[giving], [
    campaignId,
    gift.donorId,
    gift.amount,
    gift.comment,
    gift.anonymous,
    gift.donorName,
    gift.guestEmail,
    ctx.now,
  ]);
  return outcome;
}

/** A page of a campaign's gifts, newest first, and whether the asking parent owns it; undefined if there is none. */
export async function findDonations(
  ctx: Context,
  campaignId: number,
  { page_size: size, cursor }: PageRequest<DatedPlace>,
): Promise<DonationsOfCampaign | undefined> {
  const values = [campaignId, ...datedBound(cursor), size + 1];
  const rows = await (ctx.parent
    ? ctx.db.query<DonationRow & { owned: boolean }>(FOR_PARENTS, [...values, ctx.parent.id])
    : ctx.db.query<DonationRow & { owned: boolean }>(FOR_VISITORS, values));
  const [first] = rows;
  if (!first) return undefined;
  // A campaign without gifts still gives one row, which holds none.
  const gifts = rows.filter((row) => (row.id as number | null) !== null);
  return { owned: first.owned, page: pageOf(gifts, size, placeOf) };
}

/** A page of what the signed-in parent gave, newest first. */
export async function findGiven(
  ctx: ParentContext,
  { page_size: size, cursor }: PageRequest<DatedPlace>,
): Promise<Page<GivenRow>> {
  const { id, email } = ctx.parent;
  const rows = await ctx.db.query<GivenRow>(GIVEN_BY, [id, ...datedBound(cursor), size + 1]);
  return pageOf(rows, size, placeOf).map((row) => ({
    ...row,
    donorEmail: email,
  }));
}

/** One gift as its donor sees it, and whether its campaign is open; undefined if there is none. */
export async function findGift(
  ctx: Pick<Context, 'db' | 'now'>,
  id: number,
): Promise<(GivenRow & { isOpen: boolean | null }) | undefined> {
  const rows = await ctx.db.query<GivenRow & { isOpen: boolean | null }>(ONE_GIVEN, [id, ctx.now]);
  return rows[0];
}

/** Deletes so many gifts at most that were never paid and were begun before a moment; gives how many. */
export async function forgetUnpaid(
  { db }: Pick<Context, 'db'>,
  before: Date,
  most: number,
): Promise<number> {
  const [row] = await db.query<{ forgotten: number }>(FORGET_UNPAID, [before, most]);
  return row!.forgotten;
}
