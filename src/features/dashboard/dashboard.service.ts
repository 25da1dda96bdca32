import { isSignedIn, type Context, type ParentContext } from '../../context.js';
import type { ParentRow } from '../accounts/parents/parents.rows.js';
import { noSuchChild } from '../families/children/children.access.js';
import { noSuchCampaign } from '../fundraising/campaigns/campaigns.access.js';
import { showCampaign } from '../fundraising/campaigns/campaigns.service.js';
import { findCampaignPage, findFamily, findFamilyMember } from './dashboard.queries.js';
import type { CampaignPageRow, ChildRow, DashboardRow } from './dashboard.rows.js';

export { findFamilyPage as listChildren } from './dashboard.queries.js';

/** A parent with the children and their campaigns: the dashboard. */
export async function showParent(ctx: ParentContext, parent: ParentRow): Promise<DashboardRow> {
  return { ...parent, children: await findFamily(ctx) };
}

/** An own child with its campaigns. @throws Refusal 404 when it is gone. */
export async function showChild(ctx: ParentContext, id: number): Promise<ChildRow> {
  const child = await findFamilyMember(ctx, id);
  if (!child) throw noSuchChild();
  return child;
}

/** A campaign with its newest donations for its owner, null for anyone else. @throws Refusal 404. */
export async function showCampaignPage(ctx: Context, id: number): Promise<CampaignPageRow> {
  if (!isSignedIn(ctx)) return { ...(await showCampaign(ctx, id)), donations: null };
  const campaign = await findCampaignPage(ctx, id);
  if (!campaign) throw noSuchCampaign();
  return campaign;
}
