import type { ParentContext } from '../../../context.js';
import { Refusal } from '../../../core/errors.js';
import type { Change } from '../../../database/changes.js';
import { statement } from '../../../database/statement.js';

/** What the rules need of a child. */
export interface OwnChild {
  id: number;
  name: string;
  publicName: string;
  /** `YYYY-MM-DD` */
  dateOfBirth: string;
}

/**
 * The signed-in parent's own child.
 * @throws Refusal 404 when there is no such child, 403 when it is another parent's.
 */
export async function findOwnChild(ctx: ParentContext, { id }: { id: number }): Promise<OwnChild> {
  const child = await ctx.db.prisma.child.findUnique({ where: { id } });
  if (!child) throw noSuchChild();
  if (child.parentId !== ctx.parent.id) {
    throw new Refusal('permission_denied', "Only the child's parent may do that.");
  }
  const { name, publicName } = child;
  return {
    id: child.id,
    name,
    publicName,
    dateOfBirth: child.dateOfBirth.toISOString().slice(0, 10),
  };
}

/** Campaigns of a deleted child that are invalidated one by one; the triggers use the same limit. */
const MOST_PAGES = 20;

const CAMPAIGNS = statement(`SELECT id FROM campaigns WHERE child_id = $1 LIMIT ${MOST_PAGES + 1}`);

/** What visitors no longer see once a child is deleted: the pages of its campaigns, which are all closed. */
export async function findPagesOfOwnChild(
  ctx: ParentContext,
  params: { id: number },
): Promise<Change[]> {
  const { id: childId } = await findOwnChild(ctx, params);
  const campaigns = await ctx.db.query<{ id: number }>(CAMPAIGNS, [childId]);
  if (campaigns.length > MOST_PAGES) return [{ of: 'all' }];
  return campaigns.map(({ id }) => ({ of: 'page', id }));
}

/** The refusal for a child that isn't there, or is there no more. */
export function noSuchChild(): Refusal {
  return new Refusal('not_found', 'There is no such child.');
}
