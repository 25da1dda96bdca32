import { forParents } from '../../../http/api/endpoint.js';
import { findOwnCampaign } from '../../fundraising/campaigns/campaigns.access.js';
import { CampaignPath } from '../../fundraising/campaigns/campaigns.schemas.js';
import { findOwnChild } from '../../families/children/children.access.js';
import { ChildPath } from '../../families/children/children.schemas.js';
import { Statistics, StatisticsQuery } from './statistics.schemas.js';
import { showStatistics } from './statistics.service.js';

const description =
  'Completed donations less refunds, by the day on which they were made, in UTC. At most 3,660 days at once.';

export const ofCampaign = forParents({
  summary: 'See what a campaign raised, day by day',
  description,
  params: CampaignPath,
  access: findOwnCampaign,
  query: StatisticsQuery,
  answer: { status: 200, description: 'The figures.', schema: Statistics },
  refusals: ['permission_denied'],
  handle: ({ ctx, params, query }) => showStatistics(ctx, 'campaign', params.id, query),
});

export const ofChild = forParents({
  summary: 'See what all campaigns of your child raised, day by day',
  description,
  params: ChildPath,
  access: findOwnChild,
  query: StatisticsQuery,
  answer: { status: 200, description: 'The figures.', schema: Statistics },
  refusals: ['permission_denied'],
  handle: ({ ctx, params, query }) => showStatistics(ctx, 'child', params.id, query),
});
