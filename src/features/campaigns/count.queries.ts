import type { Context } from '../../core/context.js';
import { statement, type Statement } from '../../core/database.js';
import type { SearchBounds } from '../../core/searching.js';
import { runsOf, Values } from './browse-orders.js';
import { isOpenAt } from './campaigns.access.js';
import { COUNTED, type BrowseQuery } from './campaigns.schemas.js';
import {
  askedFor,
  examined,
  folded,
  followedRows,
  holds,
  isCandidate,
  isFrequent,
  type Asked,
} from './search.queries.js';

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

/** The newest tell whether the words are frequent: then they are counted one after another, else by the index. */
function countStatement(asked: Asked, bounds: SearchBounds): Statement {
  const { near, far, counted, farBytes } = bounds;
  const newest = runsOf({ sort: 'newest' }, new Date(0), new Values());
  return statement(`WITH asked AS MATERIALIZED (${folded(asked)}),
    followed AS MATERIALIZED (${examined(followedRows(newest, asked, far))}),
    near_found AS MATERIALIZED (
      SELECT count(*) AS hits FROM (SELECT * FROM followed LIMIT ${near}) first WHERE ${holds(asked)}),
    way AS MATERIALIZED (SELECT ${isFrequent(bounds, counted)} AS is_frequent FROM near_found)
    SELECT (CASE WHEN (SELECT is_frequent FROM way)
      THEN (SELECT count(*) FROM (
             SELECT FROM followed WHERE before < ${farBytes} AND ${holds(asked)} LIMIT ${counted}) found)
      ELSE (SELECT count(*) FROM (
             SELECT FROM (SELECT c.category, s.text FROM campaign_search s JOIN campaigns c ON c.id = s.campaign_id
                           WHERE ${isCandidate('s')} AND ${asked.open} LIMIT ${far}) candidate
              WHERE ${holds(asked)} LIMIT ${counted}) found) END)::int AS total`);
}
