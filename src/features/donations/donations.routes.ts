import { z } from 'zod';
import { forAnyone, forParents } from '../../http/endpoint.js';
import { Download } from '../../http/reply.js';
import { findOwnCampaign } from '../campaigns/campaigns.access.js';
import { CampaignPath } from '../campaigns/campaigns.schemas.js';
import { exportDonations } from './donations-csv.js';
import {
  presentDonation,
  presentGivenDonation,
  presentOwnDonation,
} from './donations.presenter.js';
import { DonationsQuery, GivenDonation, OwnDonation, PublicDonation } from './donations.schemas.js';
import { campaignExists, listDonations, listGiven } from './donations.service.js';

export const listOfCampaign = forAnyone({
  summary: "See a campaign's gifts",
  description:
    "Newest first, by `date_donated`. The campaign's owner sees who gave, and gifts that wait to be paid, which move to " +
    'the top once they are; anyone else sees anonymous gifts masked.',
  params: CampaignPath,
  exists: campaignExists,
  query: DonationsQuery,
  answer: {
    status: 200,
    description: 'A page of them.',
    schema: z.union([z.array(OwnDonation), z.array(PublicDonation)]),
    paged: true,
  },
  handle: async ({ ctx, params, query }) => {
    const { owned, page } = await listDonations(ctx, params.id, query);
    return owned ? page.map(presentOwnDonation) : page.map(presentDonation);
  },
  shared: async ({ ctx, params: { id }, query }) => {
    const { page } = await listDonations(ctx, id, query);
    const presented = page.map(presentDonation);
    return { present: () => presented, campaigns: [id], dependsOn: 'its campaigns', deadlines: [] };
  },
});

export const exportOfCampaign = forParents({
  summary: "Take a campaign's gifts along as CSV",
  description:
    'The same gifts in the same order as in the list, as a file for spreadsheets. In UTF-8, with a byte ' +
    'order mark. Where text could begin a formula in a spreadsheet, at its start or behind a separator, it has an ' +
    'apostrophe. A file that broke off is no complete answer. A gift that is paid ' +
    'while the file is made moves to the top, and may be missing.',
  params: CampaignPath,
  access: findOwnCampaign,
  answer: { status: 200, description: 'All of them.', downloads: ['text/csv'] },
  refusals: ['permission_denied'],
  handle: async ({ ctx, params: { id } }) => {
    const content = await exportDonations(ctx, id);
    return new Download('text/csv; charset=utf-8', `campaign-${id}-donations.csv`, content);
  },
});

export const history = forParents({
  summary: 'See what you gave',
  description: 'Newest first. A gift outlives its campaign, which then shows as a deleted one.',
  query: DonationsQuery,
  answer: {
    status: 200,
    description: 'A page of it.',
    schema: z.array(GivenDonation),
    paged: true,
  },
  handle: async ({ ctx, query }) => (await listGiven(ctx, query)).map(presentGivenDonation),
});
