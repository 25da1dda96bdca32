import type { Context } from '../../core/context.js';
import { statement } from '../../core/database.js';
import { LARGEST_PAGE, pageOf, type Page } from '../../core/page.js';
import { words } from '../../core/text.js';
import { isOpenAt } from './campaigns.access.js';
import { CAMPAIGN_COLUMNS, type CampaignRow } from './campaigns.presenter.js';
import type { BrowsePlace, BrowseQuery } from './campaigns.schemas.js';

/**
 * Rows that a statement asks for, one more than a page has. PostgreSQL keeps a plan only if it knows how few they
 * are; else it plans each time, which takes longer than reading. A page of another size is cut from a longer one.
 */
const LIMITS = [21, 51, LARGEST_PAGE + 1];

/** The values of one statement, numbered as they are added. */
class Values {
  readonly list: unknown[] = [];

  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}

/** One run of campaigns in an order that an index has: which, from where on, and in which order. */
interface Run {
  where: string[];
  order: string;
}

/**
 * A page of the open campaigns in one statement. Each order reads its index from the page's place on, so
 * that a deep page costs what the first does.
 */
export async function browseCampaigns(
  ctx: Context,
  query: BrowseQuery,
): Promise<Page<CampaignRow>> {
  const at = query.cursor?.sort === 'ending_soon' ? new Date(query.cursor.at) : ctx.now;
  const values = new Values();
  // A search has as many forms as it may have words: too many to keep a plan of each.
  const isPlannedOnce = !query.q;
  const limit = isPlannedOnce ? rowsFor(query.page_size) : query.page_size + 1;
  // The column by itself is what the indexes hold.
  const open = ['c.is_open', isOpenAt(`${values.add(ctx.now)}::timestamptz`)];
  const filters = [...open, ...filtersOf(query, values)];
  const text = oneAfterAnother(runsOf(query, at, values), filters, limit);
  const asked = isPlannedOnce ? statement(text) : { text };
  const rows = await ctx.db.query<CampaignRow>(asked, values.list);
  return pageOf(rows, query.page_size, (last) => placeAfter(query.sort, last, at));
}

function rowsFor(pageSize: number): number {
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
  return `WITH ${named.join(', ')} ${page.join(' UNION ALL ')} ORDER BY run, rank LIMIT ${limit}`;
}

function select({ where, order }: Run, limit: number): string {
  return `SELECT ${CAMPAIGN_COLUMNS}, row_number() OVER (ORDER BY ${order}) AS rank
    FROM campaigns c JOIN children ch ON ch.id = c.child_id
   WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${limit}`;
}

function filtersOf({ category, q }: BrowseQuery, values: Values): string[] {
  const filters = category ? [`c.category = ${values.add(category)}`] : [];
  if (!q) return filters;
  const each = words(q).map((word) => `s.text ~ fold_case(${values.add(escapePattern(word))})`);
  const found = `SELECT 1 FROM campaign_search s WHERE s.campaign_id = c.id AND ${each.join(' AND ')}`;
  return [...filters, `EXISTS (${found})`];
}

/** A pattern that is the word itself. LIKE would take time that grows with both lengths multiplied. */
function escapePattern(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function runsOf({ sort, cursor }: BrowseQuery, at: Date, values: Values): Run[] {
  switch (sort) {
    case 'newest':
      return [newest(cursor, values)];
    case 'most_funded':
      return [mostFunded(cursor, values)];
    case 'closest_to_goal':
      return [closestToGoal(cursor, values)];
    case 'ending_soon':
      return endingSoon(cursor, at, values);
  }
}

function newest(place: BrowsePlace | undefined, values: Values): Run {
  const where = place ? [`c.id < ${values.add(place.id)}`] : [];
  return { where, order: 'c.id DESC' };
}

function mostFunded(place: BrowsePlace | undefined, values: Values): Run {
  const where =
    place?.sort === 'most_funded'
      ? [
          `(c.total_raised, c.id) < (${values.add(place.total)}::bigint, ${values.add(place.id)}::int)`,
        ]
      : [];
  return { where, order: 'c.total_raised DESC, c.id DESC' };
}

/** Those under 100 percent come first: `true` is the greater, and everything descends. */
function closestToGoal(place: BrowsePlace | undefined, values: Values): Run {
  const where: string[] = [];
  if (place?.sort === 'closest_to_goal') {
    const total = `${values.add(place.total)}::bigint`;
    const goal = `${values.add(place.goal)}::int`;
    where.push(
      `((c.total_raised < c.goal), (c.total_raised::float8 / c.goal), c.id)
       < ((${total} < ${goal}), (${total}::float8 / ${goal}), ${values.add(place.id)}::int)`,
    );
  }
  return {
    where,
    order: 'c.total_raised < c.goal DESC, c.total_raised::float8 / c.goal DESC, c.id DESC',
  };
}

/** Three runs after one another: deadlines to come, deadlines passed, none. A page begins in one of them. */
function endingSoon(place: BrowsePlace | undefined, at: Date, values: Values): Run[] {
  const moment = (date: Date) => `${values.add(date)}::timestamptz`;
  const toCome = (where: string): Run => ({ where: [where], order: 'c.deadline, c.id' });
  const passed = (where: string): Run => ({ where: [where], order: 'c.deadline DESC, c.id DESC' });
  const none: Run = { where: ['c.deadline IS NULL'], order: 'c.id DESC' };
  if (place?.sort !== 'ending_soon') {
    const now = moment(at);
    return [toCome(`c.deadline > ${now}`), passed(`c.deadline <= ${now}`), none];
  }

  const id = `${values.add(place.id)}::int`;
  if (place.deadline === null) return [{ ...none, where: [...none.where, `c.id < ${id}`] }];
  const deadline = new Date(place.deadline);
  const here = `(${moment(deadline)}, ${id})`;
  if (deadline <= at) return [passed(`(c.deadline, c.id) < ${here}`), none];
  return [toCome(`(c.deadline, c.id) > ${here}`), passed(`c.deadline <= ${moment(at)}`), none];
}

function placeAfter(sort: BrowseQuery['sort'], last: CampaignRow, at: Date): BrowsePlace {
  const { id, totalRaised: total, goal } = last;
  switch (sort) {
    case 'newest':
      return { sort, id };
    case 'most_funded':
      return { sort, id, total };
    case 'closest_to_goal':
      return { sort, id, total, goal };
    case 'ending_soon': {
      const deadline = last.deadline === null ? null : new Date(last.deadline).toISOString();
      return { sort, id, at: at.toISOString(), deadline };
    }
  }
}
