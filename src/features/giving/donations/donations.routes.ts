import { z } from 'zod';
import type { Context } from '../../../context.js';
import { forAnyone, forParents } from '../../../http/api/endpoint.js';
import { Begun, Download } from '../../../http/api/reply.js';
import { findOwnCampaign } from '../../fundraising/campaigns/campaigns.access.js';
import { CampaignPath } from '../../fundraising/campaigns/campaigns.schemas.js';
import { openCheckout } from '../payments/checkout.service.js';
import { findOwnGift, opensReceipt } from '../receipts/receipts.access.js';
import { exportDonations } from './donations-csv.js';
import {
  presentDonation,
  presentGivenDonation,
  presentNewDonation,
  presentOwnDonation,
  presentSeenDonation,
} from './donations.presenter.js';
import {
  DonationPath,
  DonationsQuery,
  GivenDonation,
  NewDonation,
  NewlyGivenDonation,
  OwnDonation,
  PublicDonation,
  SeenDonation,
  StatusQuery,
} from './donations.schemas.js';
import {
  campaignExists,
  donate,
  donationErrors,
  listDonations,
  listGiven,
} from './donations.service.js';
import { opensStatus } from './status.access.js';

export const give = forAnyone({
  summary: 'Donate to a campaign',
  description:
    'With an account or without. `donor_name` and `donor_email` are required without one. ' +
    'Guests of one network who name more mailboxes than the limit allows donate all the same, but get no receipt by ' +
    'mail.\n\n' +
    'With payments by Stripe, the donation is `pending` and `checkout_url` is the page where it is paid; ' +
    'Stripe then sends the browser on to `/donations/{id}/success#token=…` or `/donations/{id}/cancelled#token=…` of ' +
    'the app; `GET /donations/{id}/?token=…` shows its status. A payment that arrives after the campaign has closed is refunded in full, and the donor gets a mail.',
  limit: 'donate',
  idempotent: true,
  changes: ({ params: { id } }) => [{ of: 'gifts', id }],
  params: CampaignPath,
  exists: campaignExists,
  body: NewDonation,
  rules: donationErrors,
  answer: {
    status: 201,
    description: "The donation, in the donor's form.",
    schema: NewlyGivenDonation,
  },
  refusals: ['campaign_closed', 'payment_refused'],
  tellsOf: ({ id }, answer) => ({
    campaignId: id,
    ...(answer && { donationId: answer.id }),
  }),
  handle: async ({ ctx, params, body }) => {
    const gift = await donate(ctx, params.id, body);
    return gift.status === 'pending' ? new Begun(gift.id) : presentNewDonation(gift);
  },
  finish: async (ctx, { donationId }) => {
    const checkout = await openCheckout(ctx, donationId);
    return checkout && { ...presentNewDonation(checkout.gift), checkout_url: checkout.url };
  },
});

export const show = forAnyone({
  summary: 'See the status of a donation',
  description:
    'For the donor who is signed in, and for anyone with a token: the one after `#token=` in the address ' +
    'that Stripe sends the browser to (for 30 days), or the one of the receipt. A donation stays `pending` until Stripe ' +
    'confirms the payment, mostly within seconds: ask again until it is not.',
  limit: 'status',
  params: DonationPath,
  exists: findSeen,
  query: StatusQuery,
  answer: { status: 200, description: "The donation, in the donor's form.", schema: SeenDonation },
  refusals: ['not_authenticated', 'permission_denied'],
  handle: async ({ ctx, params: { id }, query: { token } }) =>
    presentSeenDonation(await findSeen(ctx, { id, token })),
});

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

function findSeen(ctx: Context, wanted: { id: number; token?: string | undefined }) {
  const { settings, now } = ctx;
  const { id } = wanted;
  return findOwnGift(ctx, wanted, (token) => {
    return opensReceipt(settings, { id, token }) || opensStatus(settings, { id, token, now });
  });
}
