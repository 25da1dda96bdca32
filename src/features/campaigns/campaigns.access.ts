import type { ParentContext } from '../../core/context.js';
import { Refusal } from '../../core/errors.js';

/** What the rules need of a campaign. */
export interface OwnCampaignRecord {
  id: number;
  deadline: Date | null;
}

/**
 * A campaign of one of the signed-in parent's children.
 * @throws Refusal 404 when there is no such campaign, 403 when it is another parent's.
 */
export async function findOwnCampaign(
  ctx: ParentContext,
  { id }: { id: number },
): Promise<OwnCampaignRecord> {
  const campaign = await ctx.db.prisma.campaign.findUnique({
    where: { id },
    select: { id: true, deadline: true, child: { select: { parentId: true } } },
  });
  if (!campaign) throw noSuchCampaign();
  if (campaign.child.parentId !== ctx.parent.id) {
    throw new Refusal('permission_denied', "Only the parent of the campaign's child may do that.");
  }
  return { id: campaign.id, deadline: campaign.deadline };
}

/** The refusal for a campaign that isn't there, or is there no more. */
export function noSuchCampaign(): Refusal {
  return new Refusal('not_found', 'There is no such campaign.');
}
