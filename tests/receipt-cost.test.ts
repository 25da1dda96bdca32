import { afterEach, expect, test, vi } from 'vitest';
import { receiptFonts } from '../src/features/giving/receipts/receipt-fonts.js';
import { receiptPdf } from '../src/features/giving/receipts/receipt-pdf.js';

afterEach(() => void vi.restoreAllMocks());

/** How many characters are laid out for a receipt with this title. */
async function laidOut(title: string): Promise<number> {
  const layout = vi.spyOn(Object.getPrototypeOf(receiptFonts().regular), 'layout');
  await receiptPdf({
    number: 'DJ-2026-0000123',
    amount: 1250,
    refunded_amount: 0,
    currency: 'usd',
    donor_name: 'Kate Miller',
    donor_email: null,
    date_donated: '2026-03-01T23:59:59.999Z',
    campaign: { title, child_name: null },
  });
  const count = layout.mock.calls.reduce((sum, [text]) => sum + String(text).length, 0);
  layout.mockRestore();
  return count;
}

test.each([
  ['one long word', 'क'],
  ['short words', 'कि '],
  ['a word a line', 'किताब'.repeat(6) + ' '],
  ['several scripts', 'aकកத王한'],
  ['letters that can not be set together', 'ਗੁਰਪ੍ਰੀਤ '],
])('each part of a text is laid out twice at most on average: %s', async (_what, part) => {
  const title = part.repeat(200).slice(0, 200);
  expect((await laidOut(title)) - (await laidOut(''))).toBeLessThan(2 * title.length);
});
