import { z } from 'zod';
import { forParents } from '../../../http/api/endpoint.js';
import { presentGivenDonation } from '../donations/donations.presenter.js';
import { GivenDonation } from '../donations/donations.schemas.js';
import { ClaimableQuery, Claimed, NewClaim } from './claims.schemas.js';
import { claimDonations, listClaimable, requireVerifiedEmail } from './claims.service.js';

export const listOfClaimable = forParents({
  summary: 'List donations that you may have made as a guest',
  description:
    'Donations made without an account and with your email address, newest first. None is shown until you ' +
    'have verified the address, and none becomes yours by itself.',
  query: ClaimableQuery,
  answer: {
    status: 200,
    description: 'A page of them.',
    schema: z.array(GivenDonation),
    paged: true,
  },
  handle: async ({ ctx, query }) => (await listClaimable(ctx, query)).map(presentGivenDonation),
});

export const create = forParents({
  summary: 'Claim donations that you made as a guest',
  description:
    'They join your history, and the owners of the campaigns see them as yours. Repeat the request, with another ' +
    '`Idempotency-Key` if any, while `GET /donations/claimable/` shows more.',
  idempotent: true,
  access: requireVerifiedEmail,
  body: NewClaim,
  changes: [],
  answer: { status: 201, description: 'How many were claimed.', schema: Claimed },
  refusals: ['email_not_verified'],
  handle: async ({ ctx, body }) => ({ claimed: await claimDonations(ctx, body) }),
});
