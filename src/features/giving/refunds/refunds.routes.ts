import { z } from 'zod';
import { forParents } from '../../../http/api/endpoint.js';
import { DonationPath } from '../donations/donations.schemas.js';
import { findRefundable, findSeen } from './refunds.access.js';
import { presentRefund } from './refunds.presenter.js';
import { NewRefund, RefundForm, RefundsQuery } from './refunds.schemas.js';
import { listRefunds, refundDonation } from './refunds.service.js';

export const create = forParents({
  summary: 'Refund a donation, or a part of it',
  description:
    "For the campaign's owner and staff. What was paid at Stripe goes back through Stripe: the refund is " +
    '`pending` until Stripe has answered.',
  idempotent: true,
  params: DonationPath,
  access: findRefundable,
  body: NewRefund,
  changes: ({ found: { campaignId: id } }) => (id === null ? [] : [{ of: 'gifts', id }]),
  answer: { status: 201, description: 'The refund.', schema: RefundForm },
  refusals: ['permission_denied', 'donation_not_completed', 'refund_too_large'],
  tellsOf: ({ id }) => ({ donationId: id }),
  handle: async ({ ctx, params, body }) =>
    presentRefund(await refundDonation(ctx, params.id, body)),
});

export const list = forParents({
  summary: "List a donation's refunds",
  description: "For the donor, the campaign's owner and staff.",
  params: DonationPath,
  access: findSeen,
  query: RefundsQuery,
  answer: { status: 200, description: 'Newest first.', schema: z.array(RefundForm), paged: true },
  refusals: ['permission_denied'],
  handle: async ({ ctx, params, query }) =>
    (await listRefunds(ctx, params.id, query)).map(presentRefund),
});
