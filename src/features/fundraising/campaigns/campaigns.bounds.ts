import type { ParentContext } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { InvalidInput } from '../../../core/errors.js';
import { fieldError, type FieldError } from '../../../core/field-errors.js';
import { noSuchChild } from '../../families/children/children.access.js';
import { isOpenAt, noSuchCampaign } from './campaigns.access.js';

type Reader = Pick<Transaction, '$queryRawUnsafe'>;

const COUNT = `
  SELECT count(*)::int AS "all", count(*) FILTER (WHERE ${isOpenAt('$2::timestamptz')})::int AS "open"
    FROM campaigns c WHERE c.child_id = $1`;

/**
 * Makes room for one more campaign of a child. The child stays locked, so that of two who come at once the second
 * counts the first. @throws InvalidInput when there are too many, Refusal 404 when the child is gone.
 */
export async function roomForNew(
  ctx: ParentContext,
  tx: Transaction,
  childId: number,
  { isOpen }: { isOpen: boolean },
): Promise<void> {
  const [child] = await tx.$queryRaw<unknown[]>`
    SELECT id FROM children WHERE id = ${childId} FOR NO KEY UPDATE`;
  if (!child) throw noSuchChild();
  const [error] = await newCampaignBoundErrors(ctx, tx, childId, { isOpen });
  if (error) throw tooMany(error);
}

/** What the bounds say of one more campaign of a child. */
export async function newCampaignBoundErrors(
  ctx: ParentContext,
  db: Reader,
  childId: number,
  { isOpen }: { isOpen: boolean },
): Promise<FieldError[]> {
  const count = await counted(ctx, db, childId);
  const { campaigns, openCampaigns } = ctx.settings.bounds;
  if (count.all >= campaigns) return [fieldError('tooManyCampaigns', { max: campaigns })];
  return isOpen && count.open >= openCampaigns ? [tooManyOpen(openCampaigns)] : [];
}

/** What the bounds say of one more open campaign of a child. */
export async function openCampaignBoundErrors(
  ctx: ParentContext,
  db: Reader,
  childId: number,
): Promise<FieldError[]> {
  const { openCampaigns } = ctx.settings.bounds;
  const { open } = await counted(ctx, db, childId);
  return open >= openCampaigns ? [tooManyOpen(openCampaigns)] : [];
}

/**
 * Makes room for a closed campaign to be open again, with the same lock; for one that is open already there is.
 * To be asked before the campaign itself is locked. @throws InvalidInput when too many are open, Refusal 404.
 */
export async function roomToReopen(
  ctx: ParentContext,
  tx: Transaction,
  campaignId: number,
): Promise<void> {
  const [child] = await tx.$queryRaw<{ id: number }[]>`
    SELECT ch.id FROM children ch JOIN campaigns c ON c.child_id = ch.id
     WHERE c.id = ${campaignId} AND ch.parent_id = ${ctx.parent.id} FOR NO KEY UPDATE OF ch`;
  if (!child) throw noSuchCampaign();
  const [campaign] = await tx.$queryRawUnsafe<{ isOpen: boolean }[]>(
    `SELECT ${isOpenAt('$2::timestamptz')} AS "isOpen" FROM campaigns c WHERE c.id = $1`,
    campaignId,
    ctx.now,
  );
  if (campaign?.isOpen) return;
  const [error] = await openCampaignBoundErrors(ctx, tx, child.id);
  if (error) throw tooMany(error);
}

async function counted(ctx: ParentContext, db: Reader, childId: number) {
  const rows = await db.$queryRawUnsafe<{ all: number; open: number }[]>(COUNT, childId, ctx.now);
  return rows[0]!;
}

function tooManyOpen(max: number): FieldError {
  return fieldError('tooManyOpenCampaigns', { max });
}

function tooMany(sentence: FieldError): InvalidInput {
  return new InvalidInput({ non_field_errors: [sentence] });
}
