import type { Context } from '../../../context.js';
import { statement, type Statement } from '../../../database/statement.js';
import type { SearchBounds } from '../../../database/searching.js';
import { runsOf, Values } from './browse-orders.js';
import { isOpenAt } from './campaigns.access.js';
import { COUNTED, type BrowseQuery } from './campaigns.schemas.js';
import { askedFor, bothWays, campaignOf, examined, type Asked } from './search.queries.js';

interface Counted {
  total: number;
}

const OPEN = statement(`
  SELECT count(*)::int AS total FROM (
    SELECT FROM campaigns c
     WHERE c.is_open AND ${isOpenAt('$1::timestamptz')} AND ($2::text IS NULL OR c.category = $2)
     LIMIT ${COUNTED}) counted`);

/** How many open campaigns there are, in a category if one is asked for: up to `COUNTED`. */
export async function countOpenCampaigns(ctx: Context, { category }: BrowseQuery): Promise<number> {
  const [row] = await ctx.db.query<Counted>(OPEN, [ctx.now, category ?? null]);
  return row!.total;
}

/** How many of them hold every word: up to the bound of a search. */
export async function countFound(
  ctx: Context,
  query: BrowseQuery,
  words: string[],
): Promise<number> {
  const values = new Values();
  const asked = askedFor(ctx, query, words, values);
  const text = countStatement(asked, ctx.settings.search);
  const [row] = await ctx.db.search<Counted>(text, values.list, ctx.client.network);
  return row!.total;
}

/**
 * Counts by the way that a search for so many would take. It ends at the bounds of a search, so where texts are very
 * long, fewer are counted than there are.
 */
function countStatement(asked: Asked, bounds: SearchBounds): Statement {
  const { counted, near, far, candidates } = bounds;
  const newest = runsOf({ sort: 'newest' }, new Date(0), new Values());
  // Half of `far` should be enough: an order that ends before has too few.
  const orderIsShorter = `hits * ${far} >= ${2 * near * counted}`;
  const count = (matches: string) =>
    `(SELECT count(*) FROM (SELECT FROM ${matches} LIMIT ${counted}) found)`;
  return statement(`WITH ${bothWays(newest, asked, bounds, counted, orderIsShorter)},
    listed AS (${examined('SELECT id FROM candidates', asked, candidates)})
    SELECT (CASE way WHEN 'order' THEN ${count('followed WHERE is_match')}
      ELSE ${count(`listed CROSS JOIN LATERAL ${campaignOf('listed')} c WHERE is_match AND ${asked.open}`)}
      END)::int AS total FROM chosen`);
}
