import type { ParentContext } from '../../context.js';
import { Refusal } from '../../core/errors.js';
import type { Transaction } from '../../database/client.js';
import { lockConfirmed } from '../accounts/parents/confirmation.access.js';
import type { Credential } from '../accounts/parents/parents.access.js';
import { eraseAtOnce } from '../erasure/erasure.service.js';
import { noSuchChild } from '../families/children/children.access.js';
import { isOpenAt } from '../fundraising/campaigns/campaigns.access.js';

const LOCK_CAMPAIGNS = `
  WITH locked AS MATERIALIZED (
    SELECT ${isOpenAt('$3::timestamptz')} AS is_open FROM campaigns c JOIN children ch ON ch.id = c.child_id
     WHERE ch.parent_id = $1 AND ($2::int IS NULL OR ch.id = $2)
     ORDER BY c.id FOR UPDATE OF c
  )
  SELECT coalesce(bool_or(is_open), false) AS "anyOpen" FROM locked`;

/**
 * Erases an own child with its campaigns.
 * @throws Refusal `child_has_open_campaigns`, or 404 when it is gone.
 */
export async function deleteChild(ctx: ParentContext, id: number): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await refuseWhileOpen(ctx, tx, id);
    const deleted = await tx.child.deleteMany({ where: { id, parentId: ctx.parent.id } });
    if (deleted.count === 0) throw noSuchChild();
    await eraseAtOnce(ctx, tx);
  });
}

/**
 * Erases the signed-in parent with children and campaigns. The lock keeps new children out meanwhile.
 * `confirmedBy`: the password that was given for it, if any.
 * @throws Refusal `child_has_open_campaigns`; `token_not_valid` when the session was ended meanwhile.
 */
export async function deleteParent(
  ctx: ParentContext,
  confirmedBy: Credential | undefined,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockConfirmed(ctx, tx, confirmedBy);
    await refuseWhileOpen(ctx, tx, null);
    await tx.parent.deleteMany({ where: { id: ctx.parent.id } });
    await eraseAtOnce(ctx, tx);
  });
}

/**
 * Locks children and campaigns, so that no campaign can be opened or reopened until this transaction ends,
 * and only then looks whether one is open.
 */
async function refuseWhileOpen(
  { now, parent: { id: parentId } }: ParentContext,
  tx: Transaction,
  childId: number | null,
): Promise<void> {
  await tx.$queryRaw`
    WITH locked AS MATERIALIZED (
      SELECT id FROM children
       WHERE parent_id = ${parentId} AND (${childId}::int IS NULL OR id = ${childId})
       ORDER BY id FOR UPDATE)
    SELECT count(*) FROM locked`;
  const [campaigns] = await tx.$queryRawUnsafe<[{ anyOpen: boolean }]>(
    LOCK_CAMPAIGNS,
    parentId,
    childId,
    now,
  );
  if (campaigns.anyOpen) {
    throw new Refusal('child_has_open_campaigns', 'Close the open campaigns first.');
  }
}
