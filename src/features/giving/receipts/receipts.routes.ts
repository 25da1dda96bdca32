import { prefersToJson } from '../../../http/api/accept.js';
import { forAnyone } from '../../../http/api/endpoint.js';
import { Download } from '../../../http/api/reply.js';
import { DonationPath } from '../donations/donations.schemas.js';
import { drawReceipt } from './receipt-drawing.js';
import { findReceipt } from './receipts.access.js';
import { presentReceipt } from './receipts.presenter.js';
import { ReceiptForm, ReceiptQuery } from './receipts.schemas.js';
import { getReceipt } from './receipts.service.js';

const PDF = 'application/pdf';

export const show = forAnyone({
  summary: 'Get the receipt of a donation',
  description:
    'For the donor who is signed in, and for anyone with the link from the mail, which needs no account and ' +
    'does not expire: receipts are wanted at tax time. As a PDF where `Accept` prefers that to JSON, and in a browser.',
  limit: 'receipt',
  params: DonationPath,
  // A query that can't be read holds no token.
  exists: findReceipt,
  query: ReceiptQuery,
  answer: { status: 200, description: 'The receipt.', schema: ReceiptForm, downloads: [PDF] },
  refusals: ['not_authenticated', 'permission_denied', 'donation_not_completed'],
  handle: async ({ ctx, params: { id }, query: { token }, sent }) => {
    const gift = await getReceipt(ctx, { id, token });
    const receipt = presentReceipt(gift, ctx.settings.currency);
    if (!prefersToJson(PDF, sent.headers)) return receipt;
    return new Download(PDF, `${receipt.number}.pdf`, await drawReceipt(ctx, receipt));
  },
});
