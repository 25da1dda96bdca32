import { z } from 'zod';
import { forAnyone, forParents } from '../../../http/api/endpoint.js';
import { Download } from '../../../http/api/reply.js';
import { findOwnCampaign } from '../../fundraising/campaigns/campaigns.access.js';
import { CampaignPath } from '../../fundraising/campaigns/campaigns.schemas.js';
import { exportDonations } from './donations-csv.js';
import {
  presentDonation,
  presentGivenDonation,
  presentOwnDonation,
} from './donations.presenter.js';
import { DonationsQuery, GivenDonation, OwnDonation, PublicDonation } from './donations.schemas.js';
import { campaignExists, listDonations, listGiven } from './donations.service.js';

export const listOfCampaign = forAnyone({
  summary: "List a campaign's donations",
  description:
    "Newest first, by `date_donated`. The campaign's owner sees the donors, and donations that are not paid yet, which move to " +
    'the top once they are paid; to anyone else anonymous donations show no name.',
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
  summary: "Download a campaign's donations as CSV",
  description:
    'The same donations in the same order as in the list, as a file for spreadsheets. In UTF-8, with a byte ' +
    'order mark. Where text could begin a formula in a spreadsheet, at its start or behind a separator, it has an ' +
    'apostrophe. A file that broke off is no complete answer. A donation that is paid ' +
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
  summary: 'List your donations',
  description:
    'Newest first. A donation stays when its campaign is deleted; the campaign then shows as deleted.',
  query: DonationsQuery,
  answer: {
    status: 200,
    description: 'A page of it.',
    schema: z.array(GivenDonation),
    paged: true,
  },
  handle: async ({ ctx, query }) => (await listGiven(ctx, query)).map(presentGivenDonation),
});
