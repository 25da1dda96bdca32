import type { z } from 'zod';
import { inBatches } from '../../../core/batches.js';
import type { Context, ParentContext } from '../../../context.js';
import { databaseWithin } from '../../../database/client.js';
import { storedFields } from '../../../database/stored-fields.js';
import type { FieldErrors } from '../../../core/errors.js';
import { fieldError, type FieldError } from '../../../core/field-errors.js';
import { toMinor } from '../../../core/money.js';
import { Page } from '../../../core/page.js';
import type { OwnChild } from '../../families/children/children.access.js';
import { AGE_LIMIT, isUnderAgeLimit } from '../../families/children/age.js';
import { eraseAtOnce } from '../../erasure/erasure.service.js';
import { indexSoon } from '../../search-index/search-index.service.js';
import { noSuchCampaign, type OwnCampaignRecord } from './campaigns.access.js';
import {
  newCampaignBoundErrors,
  openCampaignBoundErrors,
  roomForNew,
  roomToReopen,
} from './campaigns.bounds.js';
import { listOpenCampaigns } from './browse.queries.js';
import { CAMPAIGN_FIELDS, type CampaignRow } from './campaigns.rows.js';
import { findCampaign } from './campaigns.queries.js';
import type { BrowseQuery, CampaignChanges, NewCampaign } from './campaigns.schemas.js';
import { countFound, countOpenCampaigns } from './count.queries.js';
import { searchCampaigns } from './search.queries.js';
import { deadlineError, requestedDeadline, type DeadlineInput } from './deadline.js';

export { listCampaignsOfChild } from './campaigns.queries.js';

/** A page of the open campaigns, of those that hold every word of `q` if there is one; with their number if asked. */
export async function browseCampaigns(
  ctx: Context,
  query: BrowseQuery,
): Promise<Page<CampaignRow>> {
  const { q: words = [], count } = query;
  const isSearch = words.length > 0;
  const [page, total] = await Promise.all([
    isSearch ? searchCampaigns(ctx, query, words) : listOpenCampaigns(ctx, query),
    count ? (isSearch ? countFound(ctx, query, words) : countOpenCampaigns(ctx, query)) : undefined,
  ]);
  return total === undefined ? page : new Page(page.items, page.next, total);
}

/**
 * What the rules say of a new campaign: the child is under 16 today and has room for it, the deadline lies in the
 * future.
 */
export async function newCampaignErrors(
  ctx: ParentContext,
  input: Partial<z.output<typeof NewCampaign>>,
  child: OwnChild,
): Promise<FieldErrors> {
  const isOpen = input.is_open ?? true;
  const errors = await newCampaignBoundErrors(ctx, ctx.db.prisma, child.id, { isOpen });
  if (!isUnderAgeLimit(ctx.now, child.dateOfBirth)) {
    errors.unshift(fieldError('tooOld', { age: AGE_LIMIT }));
  }
  return {
    ...(errors.length > 0 && { non_field_errors: errors }),
    ...deadlineErrors(ctx, input, null),
  };
}

/**
 * What the rules say of changes: a deadline that is set or changed lies in the future, a campaign can't be open
 * against its own wish to be closed, and its child has room for one more that is open.
 */
export async function campaignChangesErrors(
  ctx: ParentContext,
  input: Partial<z.output<typeof CampaignChanges>>,
  campaign: OwnCampaignRecord,
): Promise<FieldErrors> {
  const { isOpen, closeAtDeadline, deadline } = campaign;
  const isClosed = !isOpen || (closeAtDeadline && deadline !== null && deadline <= ctx.now);
  const opens = input.is_open === true && isClosed;
  const reason = opens ? reasonToStayClosed(ctx, input, campaign) : null;
  const tooMany = opens ? await openCampaignBoundErrors(ctx, ctx.db.prisma, campaign.childId) : [];
  return {
    ...deadlineErrors(ctx, input, campaign.deadline),
    ...(reason !== null && { is_open: [reason] }),
    ...(tooMany.length > 0 && { non_field_errors: tooMany }),
  };
}

function reasonToStayClosed(
  { now }: Context,
  input: Partial<z.output<typeof CampaignChanges>>,
  campaign: OwnCampaignRecord,
): FieldError | null {
  const requested = requestedDeadline(input);
  const deadline = requested === undefined ? campaign.deadline : requested;
  const { goal = campaign.goal } = input;
  const { close_when_funded: whenFunded = campaign.closeWhenFunded } = input;
  const { close_at_deadline: atDeadline = campaign.closeAtDeadline } = input;
  if (whenFunded && campaign.netRaised >= toMinor(goal)) {
    return fieldError('closedByGoal');
  }
  if (atDeadline && deadline !== null && deadline <= now) {
    return fieldError('closedByDeadline');
  }
  return null;
}

/** A campaign as anyone may see it. @throws Refusal 404. */
export async function showCampaign(ctx: Pick<Context, 'db'>, id: number): Promise<CampaignRow> {
  const campaign = await findCampaign(ctx, id);
  if (!campaign) throw noSuchCampaign();
  return campaign;
}

/**
 * Opens a campaign for an own child.
 * @throws InvalidInput when it has as many as it may, Refusal 404 when the child is gone.
 */
export async function createCampaign(
  ctx: ParentContext,
  childId: number,
  input: z.output<typeof NewCampaign>,
): Promise<CampaignRow> {
  const data = {
    isOpen: true,
    ...storedFields(input, CAMPAIGN_FIELDS),
    deadline: requestedDeadline(input) ?? null,
    dateCreated: ctx.now,
  };
  const { id } = await ctx.db.transaction(async (tx) => {
    await roomForNew(ctx, tx, childId, data);
    const campaign = await tx.campaign.create({ data: { ...data, childId } });
    await indexSoon(tx, childId);
    return campaign;
  });
  return showCampaign(ctx, id);
}

/**
 * Changes what is given of an own campaign, closing and reopening included. The update waits for every
 * gift that holds the row, and gifts wait for it: none is stored after a closing. One that a passed deadline
 * has closed stays closed unless it is opened.
 * @throws InvalidInput when too many others are open, Refusal 404 when it is gone.
 */
export async function changeCampaign(
  ctx: ParentContext,
  id: number,
  input: z.output<typeof CampaignChanges>,
): Promise<CampaignRow> {
  const deadline = requestedDeadline(input);
  const data = {
    ...storedFields(input, CAMPAIGN_FIELDS),
    ...(deadline !== undefined && { deadline }),
  };
  await ctx.db.transaction(async (tx) => {
    if (data.isOpen) await roomToReopen(ctx, tx, id);
    await closeEndedCampaigns({ db: databaseWithin(tx), now: ctx.now }, id);
    const [campaign] = await tx.campaign.updateManyAndReturn({
      where: { id, child: { parentId: ctx.parent.id } },
      data,
      select: { childId: true },
    });
    if (!campaign) throw noSuchCampaign();
    await indexSoon(tx, campaign.childId);
  });
  return showCampaign(ctx, id);
}

/** Stores of campaigns that asked to close at their deadline, or of one of them, that it has passed. */
export async function closeEndedCampaigns(
  { db, now }: Pick<Context, 'db' | 'now'>,
  id?: number,
): Promise<void> {
  const where = {
    ...(id !== undefined && { id }),
    isOpen: true,
    closeAtDeadline: true,
    deadline: { lte: now },
  };
  await inBatches(async (limit) => {
    const { count } = await db.prisma.campaign.updateMany({
      where,
      data: { isOpen: false },
      limit,
    });
    return count;
  });
}

/** Deletes an own campaign; its gifts stay with those who gave. @throws Refusal 404 when it is gone. */
export async function deleteCampaign(ctx: ParentContext, id: number): Promise<void> {
  const where = { id, child: { parentId: ctx.parent.id } };
  await ctx.db.transaction(async (tx) => {
    const deleted = await tx.campaign.deleteMany({ where });
    if (deleted.count === 0) throw noSuchCampaign();
    await eraseAtOnce(ctx, tx);
  });
}

function deadlineErrors(ctx: Context, input: DeadlineInput, current: Date | null): FieldErrors {
  const error = deadlineError(input, current, ctx.now);
  return error === null ? {} : { deadline: [error] };
}
