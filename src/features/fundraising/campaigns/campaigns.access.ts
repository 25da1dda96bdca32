import { columns } from '../../../database/columns.js';
import type { ParentContext } from '../../../context.js';
import { statement } from '../../../database/statement.js';
import { Refusal } from '../../../core/errors.js';
import type { z } from 'zod';
import type { OwnCampaign } from './campaigns.schemas.js';

/** What the rules need of a campaign. */
export interface OwnCampaignRecord {
  id: number;
  childId: number;
  deadline: Date | null;
  isOpen: boolean;
  closeAtDeadline: boolean;
  closeWhenFunded: boolean;
  title: string;
  description: string;
  category: string;
  image: string | null;
  goal: number;
  /** Minor units. */
  netRaised: number;
}

/** One statement: read one after the other, the child could be gone when its campaign was still there. */
const FIND = statement(`
  SELECT ${columns<OwnCampaignRecord & { parentId: number }>({
    id: 'c.id',
    childId: 'c.child_id',
    deadline: 'c.deadline',
    isOpen: 'c.is_open',
    closeAtDeadline: 'c.close_at_deadline',
    closeWhenFunded: 'c.close_when_funded',
    title: 'c.title',
    description: 'c.description',
    category: 'c.category',
    image: 'c.image',
    goal: 'c.goal',
    netRaised: 'c.net_raised::float8',
    parentId: 'ch.parent_id',
  })}
    FROM campaigns c JOIN children ch ON ch.id = c.child_id WHERE c.id = $1`);

/**
 * A campaign of one of the signed-in parent's children.
 * @throws Refusal 404 when there is no such campaign, 403 when it is another parent's.
 */
export async function findOwnCampaign(
  ctx: ParentContext,
  { id }: { id: number },
): Promise<OwnCampaignRecord> {
  const [campaign] = await ctx.db.query<OwnCampaignRecord & { parentId: number }>(FIND, [id]);
  if (!campaign) throw noSuchCampaign();
  if (campaign.parentId !== ctx.parent.id) {
    throw new Refusal('permission_denied', "Only the parent of the campaign's child may do that.");
  }
  return campaign;
}

/** Whether visitors see the same campaign before and after a change. Donations invalidate it by themselves. */
export function isSameInPublic(
  found: OwnCampaignRecord,
  now: z.output<typeof OwnCampaign>,
): boolean {
  return (
    found.isOpen === now.is_open &&
    found.closeAtDeadline === now.close_at_deadline &&
    (found.deadline?.toISOString() ?? null) === now.deadline &&
    (['title', 'description', 'category', 'image', 'goal'] as const).every(
      (field) => found[field] === now[field],
    )
  );
}

/**
 * Whether a campaign takes gifts at a moment, in SQL, from `campaigns c`: it was not closed, and no deadline
 * has passed at which it asked to be. A job stores the latter soon after.
 */
export function isOpenAt(moment: string): string {
  return `(c.is_open AND (NOT c.close_at_deadline OR coalesce(c.deadline > ${moment}, true)))`;
}

/** The refusal for a campaign that isn't there, or is there no more. */
export function noSuchCampaign(): Refusal {
  return new Refusal('not_found', 'There is no such campaign.');
}
