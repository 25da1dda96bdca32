import type { Context } from '../../../context.js';
import { statement } from '../../../database/statement.js';
import {
  idBound,
  pageOf,
  withinPageText,
  type Page,
  type PageRequest,
} from '../../../core/page.js';
import {
  BEGUN_GIFTS,
  NEWEST_FIRST,
  OWN_DONATION_COLUMNS,
  type DonationRow,
} from '../../giving/donations/donations.presenter.js';
import {
  CAMPAIGN_COLUMNS,
  CAMPAIGN_TEXT,
  textOfCampaign,
  type CampaignRow,
} from './campaigns.presenter.js';

/** How many gifts the owner's view of a campaign holds. */
const NEWEST_GIFTS = 100;

/** A campaign, and for its owner the newest gifts; null for anyone else. */
export interface CampaignPageRow extends CampaignRow {
  donations: DonationRow[] | null;
}

const campaignPage = (donations: string) =>
  statement(`
  SELECT ${CAMPAIGN_COLUMNS}, ${donations} AS donations
    FROM campaigns c JOIN children ch ON ch.id = c.child_id
   WHERE c.id = $1`);

const FOR_VISITORS = campaignPage('NULL');

const FOR_PARENT = campaignPage(`
    CASE WHEN ch.parent_id = $2 THEN coalesce((
      SELECT json_agg(gift ORDER BY gift."dateDonated" DESC, gift.id DESC) FROM (
        SELECT ${OWN_DONATION_COLUMNS}
          FROM donations d LEFT JOIN parents donor ON donor.id = d.donor_id
         WHERE d.campaign_id = c.id AND ${BEGUN_GIFTS} 
         ORDER BY ${NEWEST_FIRST} LIMIT ${NEWEST_GIFTS}) gift), '[]') END`);

const CAMPAIGNS_OF_CHILD = statement(
  withinPageText(
    `SELECT ${CAMPAIGN_COLUMNS}
       FROM campaigns c JOIN children ch ON ch.id = c.child_id
      WHERE c.child_id = $1 AND c.id < $2::bigint
      ORDER BY c.id DESC LIMIT $3`,
    CAMPAIGN_TEXT,
    'id DESC',
  ),
);

/** One campaign with what the asking parent may see of it, in one statement; undefined if there is none. */
export async function findCampaignPage(
  ctx: Context,
  id: number,
): Promise<CampaignPageRow | undefined> {
  const rows = ctx.parent
    ? await ctx.db.query<CampaignPageRow>(FOR_PARENT, [id, ctx.parent.id])
    : await ctx.db.query<CampaignPageRow>(FOR_VISITORS, [id]);
  return rows[0];
}

/** A page of a child's campaigns, open and closed, newest first. */
export async function listCampaignsOfChild(
  ctx: Context,
  childId: number,
  { page_size: size, cursor }: PageRequest<{ id: number }>,
): Promise<Page<CampaignRow>> {
  const rows = await ctx.db.query<CampaignRow>(CAMPAIGNS_OF_CHILD, [
    childId,
    idBound(cursor),
    size + 1,
  ]);
  return pageOf(rows, size, ({ id }) => ({ id }), textOfCampaign);
}
