import type { ParentContext } from '../../../context.js';
import { Refusal } from '../../../core/errors.js';
import { tokenNotValid } from '../sessions/tokens.js';

/** What a change of the password is checked against, and must still find when it is written. */
export interface Credential {
  /** Null for a parent who signs in by Google alone. */
  passwordHash: string | null;
}

/** As `onlySelf`, and gives the password's hash of now. */
export async function selfToChange(
  ctx: ParentContext,
  params: { id: number | 'me' },
): Promise<Credential> {
  await onlySelf(ctx, params);
  const { id } = ctx.parent;
  const account = await ctx.db.prisma.parent.findUnique({
    where: { id },
    select: { passwordHash: true },
  });
  if (!account) throw tokenNotValid();
  return account;
}

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
