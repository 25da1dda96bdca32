import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { ParentContext } from '../../../context.js';
import type { DatedPlace, Page } from '../../../core/page.js';
import { noSuchCampaign } from '../../fundraising/campaigns/campaigns.access.js';
import { presentOwnDonation } from './donations.presenter.js';
import type { DonationRow } from './donations.rows.js';
import { withoutFormulas } from './formulas.js';
import { listDonations } from './donations.service.js';

const COLUMNS = [
  'id',
  'date_donated',
  'amount',
  'refunded_amount',
  'status',
  'donor_name',
  'donor_email',
  'anonymous',
  'comment',
];

/**
 * The gifts of an own campaign as CSV (RFC 4180), newest first, read as fast as they are taken. Fails rather
 * than ends early when they can't be read to the last.
 * @throws Refusal 404 when the campaign is gone.
 */
export async function exportDonations(ctx: ParentContext, campaignId: number): Promise<Readable> {
  // Before anything is sent, a failure is still answered as every other.
  const first = await readBatch(ctx, campaignId);
  return Readable.from(batches(ctx, campaignId, first));
}

type Batch = Page<DonationRow, DatedPlace>;

async function* batches(ctx: ParentContext, campaignId: number, first: Batch) {
  yield csv(first, { header: true });
  for (let { next } = first; next !== null;) {
    const batch = await readBatch(ctx, campaignId, next);
    yield csv(batch, { header: false });
    next = batch.next;
  }
}

async function readBatch(
  ctx: ParentContext,
  campaignId: number,
  cursor?: DatedPlace,
): Promise<Batch> {
  const { fileRows } = ctx.settings.bounds;
  const { owned, page } = await listDonations(ctx, campaignId, { page_size: fileRows, cursor });
  if (!owned) throw noSuchCampaign();
  return page;
}

function csv({ items }: Batch, { header }: { header: boolean }): string {
  return stringify(items.map(presentOwnDonation), {
    header,
    // By it Excel knows UTF-8.
    bom: header,
    columns: COLUMNS,
    record_delimiter: 'windows',
    // Without it a cell with a bare line feed would not be quoted.
    quote_record_delimiter: true,
    cast: { boolean: String, string: withoutFormulas },
  });
}
