import type { Context, ParentContext } from '../../core/context.js';
import { statement } from '../../core/database.js';
import { idBound, pageOf, type Page, type PageRequest } from '../../core/page.js';
import {
  DONATION_COLUMNS,
  OWN_DONATION_COLUMNS,
  type DonationRow,
  type GivenRow,
} from './donations.presenter.js';

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
  campaignId: number;
  campaignTitle: string;
  campaignGoal: number;
  childFirstName: string;
}

interface DonationsOfCampaign {
  owned: boolean;
  page: Page<DonationRow>;
}

/**
 * One statement, and so one transaction: it locks the campaign's row, looks at `is_open` under the lock,
 * stores the gift, and its trigger moves the totals. A closing waits for it, or it for the closing. The
 * donor is locked first, as the end of an account does, so that the two never wait for each other.
 */
const GIVE = statement(`
  WITH donor AS MATERIALIZED (
    SELECT id FROM parents WHERE id = $2 FOR KEY SHARE
  ), campaign AS MATERIALIZED (
    SELECT c.id, c.title, c.goal, c.is_open, ch.first_name
      FROM campaigns c JOIN children ch ON ch.id = c.child_id
     WHERE c.id = $1 AND (SELECT count(*) FROM donor) >= 0 FOR NO KEY UPDATE OF c
  ), gift AS (
    INSERT INTO donations (campaign_id, donor_id, amount, comment, anonymous, donor_name, donor_email, date_donated)
    SELECT id, $2::int, $3::int, $4, $5::boolean, $6, $7, $8::timestamptz FROM campaign WHERE is_open
    RETURNING id, date_donated
  )
  SELECT gift.id AS "donationId", gift.date_donated AS "dateDonated", campaign.id AS "campaignId",
         campaign.title AS "campaignTitle", campaign.goal AS "campaignGoal",
         campaign.first_name AS "childFirstName"
    FROM campaign LEFT JOIN gift ON true`);

/** Who may see the donors is decided in the same statement that reads them. */
const OF_CAMPAIGN = statement(`
  SELECT ch.parent_id = $2 IS TRUE AS owned, gift.*
    FROM campaigns c JOIN children ch ON ch.id = c.child_id
    LEFT JOIN LATERAL (
      SELECT ${OWN_DONATION_COLUMNS}
        FROM donations d LEFT JOIN parents donor ON donor.id = d.donor_id AND ch.parent_id = $2
       WHERE d.campaign_id = c.id AND d.id < $3::bigint
       ORDER BY d.id DESC LIMIT $4) gift ON true
   WHERE c.id = $1
   ORDER BY gift.id DESC`);

const GIVEN_BY = statement(`
  SELECT ${DONATION_COLUMNS}, d.donor_id AS "donorId", c.id AS "campaignId",
         c.title AS "campaignTitle", c.goal AS "campaignGoal", ch.first_name AS "childFirstName"
    FROM donations d
    LEFT JOIN campaigns c ON c.id = d.campaign_id
    LEFT JOIN children ch ON ch.id = c.child_id
   WHERE d.donor_id = $1 AND d.id < $2::bigint
   ORDER BY d.id DESC LIMIT $3`);

/** Stores a gift if its campaign is open. Gives undefined when there is no such campaign. */
export async function storeGift(
  ctx: Context,
  campaignId: number,
  gift: Gift,
): Promise<GiftOutcome | undefined> {
  const [outcome] = await ctx.db.query<GiftOutcome>(GIVE, [
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
  { page_size: size, cursor }: PageRequest<{ id: number }>,
): Promise<DonationsOfCampaign | undefined> {
  const values = [campaignId, ctx.parent?.id ?? null, idBound(cursor), size + 1];
  const rows = await ctx.db.query<DonationRow & { owned: boolean }>(OF_CAMPAIGN, values);
  const [first] = rows;
  if (!first) return undefined;
  // A campaign without gifts still gives one row, which holds none.
  const gifts = rows.filter((row) => (row.id as number | null) !== null);
  return { owned: first.owned, page: pageOf(gifts, size, ({ id }) => ({ id })) };
}

/** A page of what the signed-in parent gave, newest first. */
export async function findGiven(
  ctx: ParentContext,
  { page_size: size, cursor }: PageRequest<{ id: number }>,
): Promise<Page<GivenRow>> {
  const { id, email } = ctx.parent;
  const rows = await ctx.db.query<GivenRow>(GIVEN_BY, [id, idBound(cursor), size + 1]);
  return pageOf(rows, size, (last) => ({ id: last.id })).map((row) => ({
    ...row,
    donorEmail: email,
  }));
}
