import type { ParentContext } from '../../context.js';
import type { Page, PageRequest } from '../../core/page.js';
import type { ParentRow } from '../accounts/parents/parents.presenter.js';
import { noSuchChild } from '../families/children/children.access.js';
import { noSuchCampaign } from '../fundraising/campaigns/campaigns.access.js';
import {
  findCampaignPage,
  findFamily,
  findFamilyMember,
  findFamilyPage,
} from './dashboard.queries.js';
import type { CampaignPageRow, ChildRow, DashboardRow } from './dashboard.rows.js';

/** A parent with the children and their campaigns: the dashboard. */
export async function showParent(ctx: ParentContext, parent: ParentRow): Promise<DashboardRow> {
  return { ...parent, children: await findFamily(ctx) };
}

/** A page of the signed-in parent's children with their campaigns. */
export function listChildren(
  ctx: ParentContext,
  query: PageRequest<{ id: number }>,
): Promise<Page<ChildRow>> {
  return findFamilyPage(ctx, query);
}

/** An own child with its campaigns. @throws Refusal 404 when it is gone. */
export async function showChild(ctx: ParentContext, id: number): Promise<ChildRow> {
  const child = await findFamilyMember(ctx, id);
  if (!child) throw noSuchChild();
  return child;
}

/** A campaign with its newest donations for its owner, null for any other parent. @throws Refusal 404. */
export async function showCampaignPage(ctx: ParentContext, id: number): Promise<CampaignPageRow> {
  const campaign = await findCampaignPage(ctx, id);
  if (!campaign) throw noSuchCampaign();
  return campaign;
}
