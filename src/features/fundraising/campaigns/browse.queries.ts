import type { Context } from '../../../context.js';
import { statement } from '../../../database/statement.js';
import { LARGEST_PAGE, pageOf, withinPageText, type Page } from '../../../core/page.js';
import { placeAfter, runsOf, Values, type Run } from './browse-orders.js';
import { isOpenAt } from './campaigns.access.js';
import {
  CAMPAIGN_COLUMNS,
  CAMPAIGN_TEXT,
  textOfCampaign,
  type CampaignRow,
} from './campaigns.rows.js';
import type { BrowseQuery } from './campaigns.schemas.js';

/**
 * Rows that a statement asks for, one more than a page has. PostgreSQL keeps a plan only if it knows how few they
 * are; else it plans each time, which takes longer than reading. A page of another size is cut from a longer one.
 */
const LIMITS = [21, 51, LARGEST_PAGE + 1];

/**
 * A page of the open campaigns in one statement. Each order reads its index from the page's place on, so
 * that a deep page costs what the first does.
 */
export async function listOpenCampaigns(
  ctx: Context,
  query: BrowseQuery,
): Promise<Page<CampaignRow>> {
  const at = momentOf(query, ctx.now);
  const values = new Values();
  // The column by itself is what the indexes hold.
  const open = ['c.is_open', isOpenAt(`${values.add(ctx.now)}::timestamptz`)];
  const category = query.category ? [`c.category = ${values.add(query.category)}`] : [];
  const runs = runsOf(query, at, values);
  const text = oneAfterAnother(runs, [...open, ...category], rowsFor(query.page_size));
  const rows = await ctx.db.query<CampaignRow>(statement(text), values.list);
  const cursorAfter = (last: CampaignRow) => placeAfter(query.sort, last, at);
  return pageOf(rows, query.page_size, cursorAfter, textOfCampaign);
}

/** The moment that keeps apart what has passed from what is to come, the same on all pages of a list. */
export function momentOf({ cursor }: BrowseQuery, now: Date): Date {
  return cursor?.sort === 'ending_soon' ? new Date(cursor.at) : now;
}

/** How many rows a statement asks for where a page has this size. */
export function rowsFor(pageSize: number): number {
  return LIMITS.find((rows) => rows > pageSize)!;
}

/** The page is of the first run, and of the next ones only if those before them don't fill it. */
function oneAfterAnother(runs: Run[], filters: string[], limit: number): string {
  const named = runs.map((run, number) => {
    const before = runs.slice(0, number).map((_, one) => `(SELECT count(*) FROM run_${one})`);
    const ifNotFull = before.length > 0 ? [`${before.join(' + ')} < ${limit}`] : [];
    const text = select({ ...run, where: [...filters, ...run.where, ...ifNotFull] }, limit);
    return `run_${number} AS MATERIALIZED (${text})`;
  });
  const page = runs.map((_, number) => `SELECT ${number} AS run, * FROM run_${number}`);
  const rows = `${page.join(' UNION ALL ')} ORDER BY run, rank LIMIT ${limit}`;
  return `WITH ${named.join(', ')} ${withinPageText(rows, CAMPAIGN_TEXT, 'run, rank')}`;
}

function select({ where, order }: Run, limit: number): string {
  return `SELECT ${CAMPAIGN_COLUMNS}, row_number() OVER (ORDER BY ${order}) AS rank
    FROM campaigns c JOIN children ch ON ch.id = c.child_id
   WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${limit}`;
}
