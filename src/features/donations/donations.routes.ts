import { z } from 'zod';
import { forAnyone, forParents } from '../../http/endpoint.js';
import { CampaignPath } from '../campaigns/campaigns.schemas.js';
import {
  presentDonation,
  presentGivenDonation,
  presentOwnDonation,
} from './donations.presenter.js';
import {
  DonationsQuery,
  GivenDonation,
  NewDonation,
  OwnDonation,
  PublicDonation,
} from './donations.schemas.js';
import {
  campaignExists,
  donate,
  donationErrors,
  listDonations,
  listGiven,
} from './donations.service.js';

export const give = forAnyone({
  summary: 'Give to a campaign',
  description:
    'With an account or without. `donor_name` and `donor_email` are required without one.',
  limit: 'donate',
  params: CampaignPath,
  exists: campaignExists,
  body: NewDonation,
  rules: donationErrors,
  answer: { status: 201, description: "The gift, in the donor's form.", schema: GivenDonation },
  refusals: ['campaign_closed'],
  handle: async ({ ctx, params, body }) => presentGivenDonation(await donate(ctx, params.id, body)),
});

export const listOfCampaign = forAnyone({
  summary: "See a campaign's gifts",
  description:
    "Newest first. The campaign's owner sees who gave; anyone else sees anonymous gifts masked.",
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
