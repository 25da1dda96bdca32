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
  CAMPAIGN_COLUMNS,
  CAMPAIGN_TEXT,
  textOfCampaign,
  type CampaignRow,
} from './campaigns.rows.js';

const ONE = statement(`
  SELECT ${CAMPAIGN_COLUMNS} FROM campaigns c JOIN children ch ON ch.id = c.child_id WHERE c.id = $1`);

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

/** One campaign; undefined if there is none. */
export async function findCampaign(
  { db }: Pick<Context, 'db'>,
  id: number,
): Promise<CampaignRow | undefined> {
  const [row] = await db.query<CampaignRow>(ONE, [id]);
  return row;
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
