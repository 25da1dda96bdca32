import type { z } from 'zod';
import type { ParentContext } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { Refusal } from '../../../core/errors.js';
import type { Page, PageRequest } from '../../../core/page.js';
import { isOpenAt } from '../../fundraising/campaigns/campaigns.access.js';
import { noSuchChild } from '../children/children.access.js';
import { presentChild } from '../children/children.presenter.js';
import type { ChildForm } from '../children/children.schemas.js';
import { eraseAtOnce } from '../erasure/erasure.service.js';
import { lockConfirmed } from '../../accounts/parents/confirmation.access.js';
import type { Credential } from '../../accounts/parents/parents.access.js';
import { presentParent, type ParentRow } from '../../accounts/parents/parents.presenter.js';
import type { ParentForm } from '../../accounts/parents/parents.schemas.js';
import { findFamily, findFamilyMember, findFamilyPage } from './family.queries.js';

const LOCK_CAMPAIGNS = `
  WITH locked AS MATERIALIZED (
    SELECT ${isOpenAt('$3::timestamptz')} AS is_open FROM campaigns c JOIN children ch ON ch.id = c.child_id
     WHERE ch.parent_id = $1 AND ($2::int IS NULL OR ch.id = $2)
     ORDER BY c.id FOR UPDATE OF c
  )
  SELECT coalesce(bool_or(is_open), false) AS "anyOpen" FROM locked`;

/** The parent, the children and their campaigns: the dashboard. */
export async function showParent(
  ctx: ParentContext,
  parent: ParentRow,
): Promise<z.input<typeof ParentForm>> {
  return presentParent(parent, await findFamily(ctx), ctx.now);
}

/** A page of the signed-in parent's children with their campaigns. */
export async function listChildren(
  ctx: ParentContext,
  query: PageRequest<{ id: number }>,
): Promise<Page<z.input<typeof ChildForm>>> {
  const page = await findFamilyPage(ctx, query);
  return page.map((child) => presentChild(child, ctx.now));
}

/** An own child with its campaigns. @throws Refusal 404 when it is gone. */
export async function showChild(
  ctx: ParentContext,
  id: number,
): Promise<z.input<typeof ChildForm>> {
  const child = await findFamilyMember(ctx, id);
  if (!child) throw noSuchChild();
  return presentChild(child, ctx.now);
}

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
