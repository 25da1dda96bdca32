import type { ParentContext } from '../../context.js';
import { columns } from '../../database/columns.js';
import { statement } from '../../database/statement.js';
import {
  idBound,
  PAGE_TEXT,
  pageOf,
  withinPageText,
  type Page,
  type PageRequest,
} from '../../core/page.js';
import {
  CAMPAIGN_COLUMNS,
  CAMPAIGN_TEXT,
  textOfCampaign,
} from '../fundraising/campaigns/campaigns.rows.js';
import {
  BEGUN_GIFTS,
  NEWEST_FIRST,
  OWN_DONATION,
  type DonationRow,
} from '../giving/donations/donations.rows.js';
import { CHILD_COLUMNS, type CampaignPageRow, type ChildRow } from './dashboard.rows.js';

/** How many donations the owner's view of a campaign holds. */
const NEWEST_DONATIONS = 100;

/** How many campaigns a list inside a child holds. */
const NEWEST_CAMPAIGNS = 100;

/**
 * The newest campaigns of each of some children, as far as they come to no more text than a page has: of each child
 * (`PARTITION BY "childId"`), or of all of them together.
 */
const heldBy = (children: string, apart = '') => `
  SELECT * FROM (
    SELECT *, ${CAMPAIGN_TEXT} AS text,
           sum(${CAMPAIGN_TEXT}) OVER (${apart} ORDER BY id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
             AS text_before
      FROM (SELECT campaign.* FROM children ch CROSS JOIN LATERAL (
              SELECT ${CAMPAIGN_COLUMNS} FROM campaigns c WHERE c.child_id = ch.id
               ORDER BY c.id DESC LIMIT ${NEWEST_CAMPAIGNS}) campaign
             WHERE ${children}) newest) campaign
   WHERE coalesce(text_before, 0) < ${PAGE_TEXT}`;

const campaignsOf = (child: string) => `
  coalesce((SELECT json_agg(held ORDER BY held.id DESC) FROM held WHERE held."childId" = ${child}.id), '[]') AS campaigns`;

const together = (children: string) =>
  statement(`
  WITH held AS MATERIALIZED (${heldBy(children)})
  SELECT ${CHILD_COLUMNS}, ${campaignsOf('ch')} FROM children ch WHERE ${children} ORDER BY ch.id DESC`);

const ALL_OF_PARENT = together('ch.parent_id = $1');

const ONE_OF_PARENT = together('ch.parent_id = $1 AND ch.id = $2');

const PAGE_OF_PARENT = statement(`
  WITH asked AS MATERIALIZED (
    SELECT ${CHILD_COLUMNS} FROM children ch
     WHERE ch.parent_id = $1 AND ch.id < $2::bigint ORDER BY ch.id DESC LIMIT $3),
  held AS MATERIALIZED (${heldBy('ch.id IN (SELECT id FROM asked)', 'PARTITION BY "childId"')})
  SELECT page.*, ${campaignsOf('page')} FROM (${withinPageText(
    'SELECT *, (SELECT sum(text) FROM held WHERE "childId" = asked.id) AS text FROM asked',
    'coalesce(text, 0)',
    'id DESC',
  )}) page ORDER BY id DESC`);

const CAMPAIGN_PAGE = statement(`
  SELECT ${CAMPAIGN_COLUMNS}, CASE WHEN ch.parent_id = $2 THEN coalesce((
      SELECT json_agg(donation ORDER BY donation."dateDonated" DESC, donation.id DESC) FROM (
        SELECT ${columns<DonationRow>(OWN_DONATION)}
          FROM donations d LEFT JOIN parents donor ON donor.id = d.donor_id
         WHERE d.campaign_id = c.id AND ${BEGUN_GIFTS}
         ORDER BY ${NEWEST_FIRST} LIMIT ${NEWEST_DONATIONS}) donation), '[]') END AS donations
    FROM campaigns c JOIN children ch ON ch.id = c.child_id
   WHERE c.id = $1`);

/** All children of the signed-in parent with their newest campaigns, newest first, in one statement. */
export function findFamily(ctx: ParentContext): Promise<ChildRow[]> {
  return ctx.db.query<ChildRow>(ALL_OF_PARENT, [ctx.parent.id]);
}

/** A page of the same. */
export async function findFamilyPage(
  ctx: ParentContext,
  { page_size: size, cursor }: PageRequest<{ id: number }>,
): Promise<Page<ChildRow>> {
  const values = [ctx.parent.id, idBound(cursor), size + 1];
  const rows = await ctx.db.query<ChildRow>(PAGE_OF_PARENT, values);
  return pageOf(rows, size, ({ id }) => ({ id }), textOfChild);
}

function textOfChild({ campaigns }: ChildRow): number {
  return campaigns.reduce((bytes, campaign) => bytes + textOfCampaign(campaign), 0);
}

/** One own child with its campaigns; undefined if there is none. */
export async function findFamilyMember(
  ctx: ParentContext,
  id: number,
): Promise<ChildRow | undefined> {
  const rows = await ctx.db.query<ChildRow>(ONE_OF_PARENT, [ctx.parent.id, id]);
  return rows[0];
}

/** One campaign with what the signed-in parent may see of it, in one statement; undefined if there is none. */
export async function findCampaignPage(
  ctx: ParentContext,
  id: number,
): Promise<CampaignPageRow | undefined> {
  const [row] = await ctx.db.query<CampaignPageRow>(CAMPAIGN_PAGE, [id, ctx.parent.id]);
  return row;
}
