import { formatMoney } from '../../../core/money.js';
import { ReceiptPage } from './receipt-page.js';

/** What a receipt tells, ready to be shown. */
export interface ReceiptFields {
  number: string;
  /** Whole units. */
  amount: number;
  /** Whole units; 0 when nothing went back. */
  refunded_amount: number;
  /** ISO 4217, in either case. */
  currency: string;
  donor_name: string;
  donor_email: string | null;
  /** RFC 3339, UTC. */
  date_donated: string;
  campaign: { title: string; child_name: string | null };
}

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** A receipt as a PDF of one A4 page. Equal fields give equal bytes; the metadata name nobody. */
export async function receiptPdf(receipt: ReceiptFields): Promise<Buffer> {
  const { number, amount, refunded_amount: refunded, campaign } = receipt;
  const given = new Date(receipt.date_donated);
  const page = new ReceiptPage(number, given);
  const money = (units: number) => formatMoney(units, receipt.currency);

  page.heading('DreamJar', 'Receipt');
  page.row('Receipt number', [number]);
  page.row('Date', [DAY.format(given)]);
  page.row('Received from', [receipt.donor_name, receipt.donor_email]);
  page.row('Given to', [campaign.title, campaign.child_name && `for ${campaign.child_name}`]);
  page.rule();
  page.sum('Amount received', money(amount), refunded === 0);
  if (refunded > 0) {
    page.sum('Refunded', money(refunded));
    page.sum('Remaining gift', money(amount - refunded), true);
  }
  page.rule();
  page.thanks('Thank you. Your gift brings a child’s dream closer.');
  const notes = [
    'This is a receipt for a gift made through DreamJar. It is not a tax certificate.',
  ];
  if (page.hasBoxes) notes.push('Characters shown as boxes can be copied as text.');
  page.foot(notes);
  return page.finish();
}
