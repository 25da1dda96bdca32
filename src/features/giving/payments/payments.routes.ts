import { forAnyone } from '../../../http/api/endpoint.js';
import { Begun } from '../../../http/api/reply.js';
import { CampaignPath } from '../../fundraising/campaigns/campaigns.schemas.js';
import { presentNewDonation } from '../donations/donations.presenter.js';
import { NewDonation, NewlyGivenDonation } from '../donations/donations.schemas.js';
import { campaignExists, donate, donationErrors } from '../donations/donations.service.js';
import { openCheckout } from './checkout.service.js';
import { Received, SentEvent } from './payments.schemas.js';
import { receiveEvent } from './webhook.service.js';

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

export const stripeWebhook = forAnyone({
  summary: "Receive Stripe's events",
  limit: 'webhook',
  description:
    "For Stripe alone: the raw body must carry Stripe's signature of the last 300 seconds in " +
    '`Stripe-Signature`. An event has its effect once, however often and in whatever order it comes. The body may ' +
    'have 1,000,000 bytes. What is signed and can have no effect gets 200 too, and an error in our log.',
  body: SentEvent,
  signedBody: 1_000_000,
  changes: [{ of: 'all' }],
  answer: { status: 200, description: 'It needs not be sent again.', schema: Received },
  refusals: ['webhook_not_valid', 'stripe_not_configured'],
  handle: async ({ ctx, sent }) => {
    const signature = sent.headers['stripe-signature'];
    await receiveEvent(ctx, sent.rawBody ?? Buffer.alloc(0), [signature].flat()[0]);
    return { received: true as const };
  },
});
