import type { z } from 'zod';
import type { Context, ParentContext } from '../../core/context.js';
import { whenViolated } from '../../core/database-errors.js';
import type { FieldErrors } from '../../core/errors.js';
import { noSuchChild, type OwnChild } from '../children/children.access.js';
import { isUnderAgeLimit } from '../children/age.js';
import { noSuchCampaign, type OwnCampaignRecord } from './campaigns.access.js';
import type { CampaignRow } from './campaigns.presenter.js';
import { findCampaignPage, type CampaignPageRow } from './campaigns.queries.js';
import type { CampaignChanges, NewCampaign } from './campaigns.schemas.js';
import { deadlineError, requestedDeadline, type DeadlineInput } from './deadline.js';

export { browseCampaigns } from './browse.queries.js';
export { listCampaignsOfChild } from './campaigns.queries.js';

/** What the rules say of a new campaign: the child is under 16 today, the deadline lies in the future. */
export function newCampaignErrors(
  ctx: Context,
  input: DeadlineInput,
  child: OwnChild,
): FieldErrors {
  const tooOld = !isUnderAgeLimit(ctx.now, child.dateOfBirth);
  return {
    ...(tooOld && { non_field_errors: ['New campaigns are for children under 16.'] }),
    ...deadlineErrors(ctx, input, null),
  };
}

/** What the rules say of changes: a deadline that is set or changed lies in the future. */
export function campaignChangesErrors(
  ctx: Context,
  input: DeadlineInput,
  campaign: OwnCampaignRecord,
): FieldErrors {
  return deadlineErrors(ctx, input, campaign.deadline);
}

/** Shows a campaign, with its newest gifts for its owner. @throws Refusal 404. */
export async function showCampaign(ctx: Context, id: number): Promise<CampaignPageRow> {
  const campaign = await findCampaignPage(ctx, id);
  if (!campaign) throw noSuchCampaign();
  return campaign;
}

/** Opens a campaign for an own child. @throws Refusal 404 when the child is gone. */
export async function createCampaign(
  ctx: ParentContext,
  childId: number,
  input: z.output<typeof NewCampaign>,
): Promise<CampaignRow> {
  const { title, description, goal, category, image = null, is_open: isOpen = true } = input;
  const deadline = requestedDeadline(input) ?? null;
  const data = {
    title,
    description,
    goal,
    category,
    image,
    isOpen,
    deadline,
    dateCreated: ctx.now,
  };
  const { id } = await ctx.db.prisma.campaign
    .create({ data: { ...data, childId } })
    .catch(whenViolated('campaigns_child_id_fkey', noSuchChild));
  return showCampaign(ctx, id);
}

/**
 * Changes what is given of an own campaign, closing and reopening included. The update waits for every
 * gift that holds the row, and gifts wait for it: none is stored after a closing.
 * @throws Refusal 404 when it is gone.
 */
export async function changeCampaign(
  ctx: ParentContext,
  id: number,
  input: z.output<typeof CampaignChanges>,
): Promise<CampaignRow> {
  const { title, description, goal, category, image, is_open: isOpen } = input;
  const deadline = requestedDeadline(input);
  const given = { title, description, goal, category, image, isOpen, deadline };
  const changed = await ctx.db.prisma.campaign.updateMany({
    where: { id, child: { parentId: ctx.parent.id } },
    data: withoutUndefined(given),
  });
  if (changed.count === 0) throw noSuchCampaign();
  return showCampaign(ctx, id);
}

/** Deletes an own campaign; its gifts stay with those who gave. @throws Refusal 404 when it is gone. */
export async function deleteCampaign(ctx: ParentContext, id: number): Promise<void> {
  const where = { id, child: { parentId: ctx.parent.id } };
  const deleted = await ctx.db.transaction((tx) => tx.campaign.deleteMany({ where }));
  if (deleted.count === 0) throw noSuchCampaign();
}

function deadlineErrors(ctx: Context, input: DeadlineInput, current: Date | null): FieldErrors {
  const error = deadlineError(input, current, ctx.now);
  return error === null ? {} : { deadline: [error] };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Given<T>;
}
