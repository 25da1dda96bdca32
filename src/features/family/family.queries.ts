import type { ParentContext } from '../../core/context.js';
import { statement } from '../../core/database.js';
import { idBound, pageOf, type Page, type PageRequest } from '../../core/page.js';
import { CAMPAIGN_COLUMNS } from '../campaigns/campaigns.presenter.js';
import type { ChildRow } from '../children/children.presenter.js';

const CHILD_WITH_CAMPAIGNS = `
  SELECT ch.id, ch.parent_id AS "parentId", ch.name, ch.public_name AS "publicName", ch.date_of_birth::text AS "dateOfBirth", ch.gender,
         ch.profile_picture AS "profilePicture",
         coalesce((SELECT json_agg(campaign ORDER BY campaign.id DESC)
                     FROM (SELECT ${CAMPAIGN_COLUMNS} FROM campaigns c WHERE c.child_id = ch.id) campaign),
                  '[]') AS campaigns
    FROM children ch`;

const ALL_OF_PARENT = statement(
  `${CHILD_WITH_CAMPAIGNS} WHERE ch.parent_id = $1 ORDER BY ch.id DESC`,
);

const PAGE_OF_PARENT = statement(`${CHILD_WITH_CAMPAIGNS}
  WHERE ch.parent_id = $1 AND ch.id < $2::bigint ORDER BY ch.id DESC LIMIT $3`);

const ONE_OF_PARENT = statement(`${CHILD_WITH_CAMPAIGNS} WHERE ch.parent_id = $1 AND ch.id = $2`);

/** All children of the signed-in parent with all their campaigns, newest first, in one statement. */
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
  return pageOf(rows, size, ({ id }) => ({ id }));
}

/** One own child with its campaigns; undefined if there is none. */
export async function findFamilyMember(
  ctx: ParentContext,
  id: number,
): Promise<ChildRow | undefined> {
  const rows = await ctx.db.query<ChildRow>(ONE_OF_PARENT, [ctx.parent.id, id]);
  return rows[0];
}
