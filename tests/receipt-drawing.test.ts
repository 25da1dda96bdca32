import { afterEach, expect, test, vi } from 'vitest';
import { drawReceipt } from '../src/features/giving/receipts/receipt-drawing.js';
import { receiptFonts } from '../src/features/giving/receipts/receipt-fonts.js';
import { receiptPdf } from '../src/features/giving/receipts/receipt-pdf.js';
import { receiptToken } from '../src/features/giving/receipts/receipts.access.js';
import { useApi, type Api } from './support/api.js';
import { expectError, send } from './support/bare-http.js';
import { donate, openJar } from './support/factories.js';
import { FIGURES } from './support/figures.js';
import { SETTINGS } from './support/worker.js';

const api = useApi();
const hasty = useApi({ waits: { drawReceipt: 1 } });

afterEach(() => void vi.restoreAllMocks());

const RECEIPT = {
  number: 'DJ-2026-0000123',
  amount: 1250,
  refunded_amount: 0,
  currency: 'usd',
  donor_name: 'राजेन्द्र Évariste 王',
  donor_email: null,
  date_donated: '2026-03-01T23:59:59.999Z',
  campaign: { title: 'A red kite', child_name: null },
};

async function askForPdf(of: Api) {
  const { campaign } = await openJar(of);
  const { id } = await donate(of, campaign, { donor_name: RECEIPT.donor_name });
  const path = `/donations/${id}/receipt/?token=${receiptToken(SETTINGS, id)}`;
  return send(of, 'GET', path, { accept: 'application/pdf' });
}

test('a receipt is drawn beside the event loop', async () => {
  const layout = vi.spyOn(Object.getPrototypeOf(receiptFonts().regular), 'layout');
  expect((await askForPdf(api)).headers['content-type']).toBe('application/pdf');
  expect(layout).not.toHaveBeenCalled();
});

test('it is the same as drawn here', async () => {
  const ctx = { settings: FIGURES, client: { network: 'here' } };
  expect((await drawReceipt(ctx, RECEIPT)).equals(await receiptPdf(RECEIPT))).toBe(true);
});

test('one that takes too long gets 503', async () => {
  const refused = await askForPdf(hasty);
  expectError(refused, 503, 'unavailable');
  expect(refused.headers['retry-after']).toBe('1');
});

test('so many wait for their turn, and what is more is refused', async () => {
  const bounds = { receiptsWaiting: 3, receiptsWaitingPerNetwork: 1 };
  const draw = (network: string) =>
    drawReceipt({ settings: { ...FIGURES, bounds }, client: { network } }, RECEIPT);
  const accepted = [draw('a'), draw('a'), draw('b')];
  await expect(draw('a')).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  for (const pdf of await Promise.all(accepted))
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
});
