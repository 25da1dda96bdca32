import type { Context } from '../../../context.js';
import { forAnyone } from '../../../http/api/endpoint.js';
import { presentSeenDonation } from '../donations/donations.presenter.js';
import { DonationPath, SeenDonation } from '../donations/donations.schemas.js';
import { findOwnGift, opensReceipt } from '../receipts/receipts.access.js';
import { StatusQuery } from './payments.schemas.js';
import { opensStatus } from './status-token.js';

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

function findSeen(ctx: Context, wanted: { id: number; token?: string | undefined }) {
  const { settings, now } = ctx;
  const { id } = wanted;
  return findOwnGift(ctx, wanted, (token) => {
    return opensReceipt(settings, { id, token }) || opensStatus(settings, { id, token, now });
  });
}
