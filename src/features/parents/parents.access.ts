import type { ParentContext } from '../../core/context.js';
import { Refusal } from '../../core/errors.js';

/**
 * Lets a parent at that parent's own pages only, named by id or as `me`.
 * @throws Refusal 404 when there is no such parent, 403 when it is another.
 */
export async function onlySelf(ctx: ParentContext, { id }: { id: number | 'me' }): Promise<void> {
  if (id === 'me' || id === ctx.parent.id) return;
  const other = await ctx.db.prisma.parent.findUnique({ where: { id }, select: { id: true } });
  if (!other) throw new Refusal('not_found', 'There is no such parent.');
  throw new Refusal('permission_denied', 'Only this parent may do that.');
}
