import { z } from 'zod';
import { forAnyone, forParents } from '../../../http/api/endpoint.js';
import { findOwnChild } from '../../families/children/children.access.js';
import { ChildPath } from '../../families/children/children.schemas.js';
import { showCampaignPage } from '../../dashboard/dashboard.service.js';
import { findOwnCampaign } from './campaigns.access.js';
import { presentCampaign, presentOwnCampaign } from './campaigns.presenter.js';
import { presentFullCampaign } from '../../dashboard/dashboard.presenter.js';
import type { Change } from '../../../database/changes.js';
import { isSameInPublic } from './campaigns.access.js';
import {
  BrowseQuery,
  CampaignChanges,
  CampaignPath,
  NewCampaign,
  OwnCampaign,
  OwnCampaignsQuery,
  PublicCampaign,
} from './campaigns.schemas.js';
import { FullCampaign } from '../../dashboard/dashboard.schemas.js';
import {
  browseCampaigns,
  campaignChangesErrors,
  changeCampaign,
  createCampaign,
  deleteCampaign,
  listCampaignsOfChild,
  newCampaignErrors,
  showCampaign,
} from './campaigns.service.js';

export const browse = forAnyone({
  summary: 'Browse the open campaigns',
  limit: 'search',
  query: BrowseQuery,
  answer: {
    status: 200,
    description: 'A page of them.',
    schema: z.array(PublicCampaign),
    paged: true,
    counted: true,
  },
  handle: async ({ ctx, query }) => {
    const page = await browseCampaigns(ctx, query);
    return page.map((row) => presentCampaign(row, ctx.now));
  },
  isPopular: ({ q = [] }) => q.length === 0,
  shared: async ({ ctx, query }) => {
    const page = await browseCampaigns(ctx, query);
    const byTotals = query.sort === 'most_funded' || query.sort === 'closest_to_goal';
    return {
      present: (now) => page.map((row) => presentCampaign(row, now)),
      campaigns: page.items.map(({ id }) => id),
      dependsOn: byTotals ? 'any gift' : 'any campaign',
      deadlines: page.items.map(({ deadline }) => deadline),
    };
  },
});

export const show = forAnyone({
  summary: 'See a campaign',
  description:
    "The child's parent gets the owner's form with the newest 100 donations, anyone else the public form.",
  params: CampaignPath,
  answer: {
    status: 200,
    description: 'The campaign.',
    schema: z.union([FullCampaign, PublicCampaign]),
  },
  handle: async ({ ctx, params }) => {
    const { donations, ...row } = await showCampaignPage(ctx, params.id);
    return donations ? presentFullCampaign(row, donations, ctx.now) : presentCampaign(row, ctx.now);
  },
  shared: async ({ ctx, params: { id } }) => {
    const row = await showCampaign(ctx, id);
    return {
      present: (now) => presentCampaign(row, now),
      campaigns: [id],
      dependsOn: 'its campaigns',
      deadlines: [row.deadline],
    };
  },
});

export const listOfChild = forParents({
  summary: "List your child's campaigns",
  params: ChildPath,
  access: findOwnChild,
  query: OwnCampaignsQuery,
  answer: { status: 200, description: 'Newest first.', schema: z.array(OwnCampaign), paged: true },
  refusals: ['permission_denied'],
  handle: async ({ ctx, params, query }) => {
    const page = await listCampaignsOfChild(ctx, params.id, query);
    return page.map((row) => presentOwnCampaign(row, ctx.now));
  },
});

export const create = forParents({
  summary: 'Open a campaign for your child',
  limit: 'writeCampaign',
  idempotent: true,
  tellsOf: ({ id }, answer) => ({ childId: id, ...(answer && { campaignId: answer.id }) }),
  description:
    'A deadline alone implies `has_deadline`. A time without offset is UTC; a date means 23:59:59.999Z.',
  params: ChildPath,
  access: findOwnChild,
  body: NewCampaign,
  rules: newCampaignErrors,
  changes: ({ answer: { id, is_open } }) => (is_open ? [{ of: 'campaign', id }] : []),
  answer: { status: 201, description: 'The campaign.', schema: OwnCampaign },
  refusals: ['permission_denied'],
  handle: async ({ ctx, params, body }) =>
    presentOwnCampaign(await createCampaign(ctx, params.id, body), ctx.now),
});

export const change = forParents({
  summary: 'Change, close or reopen a campaign',
  limit: 'writeCampaign',
  description: 'Partial: an absent field keeps its value, null clears an optional one.',
  params: CampaignPath,
  access: findOwnCampaign,
  body: CampaignChanges,
  changes: ({ found, answer }) =>
    isSameInPublic(found, answer) ? [] : [changeOf(found.id, found.isOpen || answer.is_open)],
  rules: campaignChangesErrors,
  answer: { status: 200, description: 'The campaign as changed.', schema: OwnCampaign },
  refusals: ['permission_denied'],
  handle: async ({ ctx, params, body }) =>
    presentOwnCampaign(await changeCampaign(ctx, params.id, body), ctx.now),
});

export const remove = forParents({
  summary: 'Delete a campaign',
  description:
    'Gone for everyone at once, however many gave. Its donations stay in the history of those who gave.',
  params: CampaignPath,
  access: findOwnCampaign,
  changes: ({ found }) => [changeOf(found.id, found.isOpen)],
  answer: { status: 204, description: 'Deleted.' },
  refusals: ['permission_denied'],
  handle: ({ ctx, params }) => deleteCampaign(ctx, params.id),
});

/** No list shows a campaign that is closed and stays so. */
function changeOf(id: number, isListed: boolean): Change {
  return { of: isListed ? 'campaign' : 'page', id };
}
