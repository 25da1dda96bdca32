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
  isWithin,
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

/**
 * The newest tell whether the words are frequent: then they are counted one after another, else by the index. Both
 * end where a search would: where texts are very long, fewer are counted than there are.
 */
function countStatement(asked: Asked, bounds: SearchBounds): Statement {
  const { near, far, counted, nearBytes, farBytes } = bounds;
  const newest = runsOf({ sort: 'newest' }, new Date(0), new Values());
  const candidates = `SELECT c.id, c.category FROM (
      SELECT s.campaign_id FROM campaign_search s WHERE ${isCandidate('s')} LIMIT ${far}) candidate
    CROSS JOIN LATERAL (SELECT * FROM campaigns WHERE id = candidate.campaign_id OFFSET 0) c
    WHERE ${asked.open}`;
  const count = (rows: string) => `(SELECT count(*) FROM (
    SELECT FROM ${rows} examined WHERE ${isWithin(farBytes)} AND ${holds(asked)} LIMIT ${counted}) found)`;
  return statement(`WITH asked AS MATERIALIZED (${folded(asked, bounds)}),
    followed AS MATERIALIZED (${examined(followedRows(newest, asked, far))}),
    near_found AS MATERIALIZED (
      SELECT count(*) AS hits FROM (${examined(followedRows(newest, asked, near))}) first
       WHERE ${isWithin(nearBytes)} AND ${holds(asked)}),
    way AS MATERIALIZED (SELECT ${isFrequent(bounds, counted)} AS is_frequent FROM near_found)
    SELECT (CASE WHEN (SELECT is_frequent FROM way) THEN ${count('followed')}
                 ELSE ${count(`(${examined(candidates)})`)} END)::int AS total`);
}
