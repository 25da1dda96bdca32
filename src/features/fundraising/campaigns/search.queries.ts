import type { Context } from '../../../context.js';
import { statement } from '../../../database/statement.js';
import { Page, pageOf, withinPageText } from '../../../core/page.js';
import type { SearchBounds } from '../../../database/searching.js';
import { placeAfter, runsOf, Values, type Run } from './browse-orders.js';
import { momentOf, rowsFor } from './browse.queries.js';
import { isOpenAt } from './campaigns.access.js';
import {
  CAMPAIGN_COLUMNS,
  CAMPAIGN_TEXT,
  textOfCampaign,
  type CampaignRow,
} from './campaigns.rows.js';
import type { BrowsePlace, BrowseQuery } from './campaigns.schemas.js';

/** A campaign that was found, or the last one that was looked at where the search ended early. */
interface FoundRow extends CampaignRow {
  isEnd: boolean;
}

/** What every search asks for, as parameters: so one statement serves any number of words. */
export interface Asked {
  words: string;
  category: string;
  open: string;
}

/**
 * A page of the open campaigns that hold every word. Where the bounds of a search are reached, it ends early, and
 * the next one goes on from there. While a page would be empty, the same request goes on, a few times.
 */
export async function searchCampaigns(
  ctx: Context,
  query: BrowseQuery,
  words: string[],
): Promise<Page<CampaignRow>> {
  let page = await searchOnce(ctx, query, words);
  for (let round = 1; round < ctx.settings.search.rounds; round += 1) {
    if (page.items.length > 0 || page.next === null) break;
    page = await searchOnce(ctx, { ...query, cursor: page.next }, words);
  }
  return page;
}

async function searchOnce(
  ctx: Context,
  query: BrowseQuery,
  words: string[],
): Promise<Page<CampaignRow, BrowsePlace>> {
  const at = momentOf(query, ctx.now);
  const values = new Values();
  const asked = askedFor(ctx, query, words, values);
  const runs = runsOf(query, at, values);
  const text = searchStatement(query, runs, asked, ctx.settings.search);
  const rows = await ctx.db.search<FoundRow>(statement(text), values.list, ctx.client.network);
  const cursorAfter = (last: CampaignRow) => placeAfter(query.sort, last, at);
  const found = rows.filter(({ isEnd }) => !isEnd);
  const end = rows.find(({ isEnd }) => isEnd);
  const page = pageOf(found, query.page_size, cursorAfter, textOfCampaign);
  return end && page.next === null ? new Page(page.items, cursorAfter(end)) : page;
}

/** Adds the values of what is asked for. */
export function askedFor(
  ctx: Context,
  { category }: BrowseQuery,
  words: string[],
  values: Values,
): Asked {
  return {
    words: `${values.add(words)}::text[]`,
    category: `${values.add(category ?? null)}::text`,
    open: `c.is_open AND ${isOpenAt(`${values.add(ctx.now)}::timestamptz`)}`,
  };
}

/** One statement that finds the page by whichever of the two ways is taken. */
function searchStatement(
  { sort, page_size }: BrowseQuery,
  runs: Run[],
  asked: Asked,
  bounds: SearchBounds,
): string {
  const limit = rowsFor(page_size);
  const { near, candidates } = bounds;
  // The order fills a page after limit * near / hits campaigns; the index gives hits / near of all that are open, and
  // each of them costs about twice as much.
  const orderIsShorter = `2 * hits * hits * (SELECT reltuples FROM pg_class
    WHERE oid = 'campaigns_open_newest'::regclass) >= ${limit * near * near}`;
  // To put them in the order of their ids needs nothing else of the campaigns.
  const sorted = inOrder(runs, sort === 'newest' ? 'candidates' : 'placed', candidates);
  return `WITH ${bothWays(runs, asked, bounds, limit, orderIsShorter)},
    taken AS MATERIALIZED (
      SELECT CASE WHEN (SELECT count(*) FROM candidates) > ${candidates} THEN 'order' ELSE way END AS way FROM chosen),
    placed AS MATERIALIZED (
      SELECT c.id, c.total_raised, c.goal, c.deadline FROM candidates CROSS JOIN LATERAL ${campaignOf('candidates')} c),
    listed AS (${examined(
      `SELECT c.id FROM (${sorted}) one CROSS JOIN LATERAL ${campaignOf('one')} c WHERE ${asked.open}`,
      asked,
      candidates,
    )}),
    looked AS MATERIALIZED (
      SELECT * FROM followed WHERE (SELECT way FROM taken) = 'order'
      UNION ALL SELECT * FROM listed WHERE (SELECT way FROM taken) = 'index'),
    found AS MATERIALIZED (SELECT id, place FROM looked WHERE is_match LIMIT ${limit}),
    ended AS (
      SELECT id, place FROM looked
       WHERE is_within AND (SELECT count(*) FROM found) < ${limit} AND EXISTS (SELECT FROM looked WHERE NOT is_within)
       ORDER BY place DESC LIMIT 1),
    page AS (SELECT id, place, false AS "isEnd" FROM found UNION ALL SELECT id, place, true FROM ended)
    ${withinPageText(
      // The fence (OFFSET 0) has each row looked up by itself, whatever the planner thinks of their number.
      `SELECT campaign.*, page.place, page."isEnd" FROM page CROSS JOIN LATERAL (
         SELECT ${CAMPAIGN_COLUMNS} FROM campaigns c JOIN children ch ON ch.id = c.child_id
          WHERE c.id = page.id OFFSET 0) campaign`,
      CAMPAIGN_TEXT,
      'place, "isEnd"',
    )}`;
}

/**
 * The two ways of a search (ADR 021): `followed` reads campaigns in the order that is asked for, `candidates` reads
 * them from the index. `chosen` follows the order if the first `near` are all there are, or hold all that are wanted,
 * or if their number of `hits` says that it is shorter. Each way is computed only as far as it is read.
 */
export function bothWays(
  runs: Run[],
  asked: Asked,
  { near, far, candidates, bytes, letters }: SearchBounds,
  wanted: number,
  orderIsShorter: string,
): string {
  const ordered = inOrder(runs, 'campaigns', far + 1, asked.open);
  return `
    asked AS MATERIALIZED (
      SELECT words, search_terms(words, ${asked.category}) AS terms,
          (${bytes} / greatest(1, (SELECT sum(greatest(length(word), 4)) FROM unnest(words) word) / ${letters}.0))::int
            AS bytes
        FROM (SELECT ARRAY(SELECT fold_case(word) FROM unnest(${asked.words}) word) AS words) folded),
    followed AS MATERIALIZED (${examined(`SELECT id FROM (${ordered}) one LIMIT ${far + 1}`, asked, far)}),
    nearest AS (SELECT is_match FROM followed LIMIT ${near}),
    chosen AS MATERIALIZED (
      SELECT CASE WHEN hits >= ${wanted} OR (SELECT count(*) FROM nearest) < ${near} OR ${orderIsShorter}
                  THEN 'order' ELSE 'index' END AS way
        FROM (SELECT count(*) AS hits
                FROM (SELECT FROM nearest WHERE is_match LIMIT ${wanted}) matching) counted),
    candidates AS MATERIALIZED (
      SELECT campaign_id AS id FROM campaign_search
       WHERE (SELECT way FROM chosen) = 'index' AND is_open
         AND search_grams(text, category) @> (SELECT terms FROM asked) LIMIT ${candidates + 1})`;
}

/** The ids of several runs, one run after the other. */
function inOrder(runs: Run[], table: string, limit: number, open = 'true'): string {
  const rows = runs.map(
    ({ where, order }) => `(SELECT c.id FROM ${table} c
      WHERE ${[open, ...where].join(' AND ')} ORDER BY ${order} LIMIT ${limit})`,
  );
  return rows.join(' UNION ALL ');
}

/** A scalar query, because for EXISTS the planner may read the whole table. */
const IS_MARKED = '(SELECT true FROM campaigns_to_index WHERE campaign_id = row.id)';

/** What a search checks of a campaign: as it was indexed, or as it is while it is still to be indexed anew. */
const CURRENT = {
  category: `CASE WHEN ${IS_MARKED} THEN (SELECT c.category FROM campaigns c WHERE c.id = row.id) ELSE category END`,
  text: `CASE WHEN ${IS_MARKED}
    THEN (SELECT campaign_search_text(c.title, c.description, ch.public_name)
            FROM campaigns c JOIN children ch ON ch.id = c.child_id WHERE c.id = row.id)
    ELSE text END`,
};

/**
 * Which of these campaigns may still be looked through, by their number and by the bytes of text before them, and
 * which of those are what is asked for.
 */
export function examined(ids: string, { category }: Asked, most: number): string {
  return `SELECT id, place, is_within,
      is_within AND (${category} IS NULL OR ${CURRENT.category} = ${category}) AND NOT EXISTS (
        SELECT FROM (SELECT ${CURRENT.text} AS current OFFSET 0) one, unnest((SELECT words FROM asked)) word
         WHERE strpos(current, word) = 0) AS is_match
    FROM (SELECT id, category, text, row_number() OVER sofar AS place, row_number() OVER sofar <= ${most}
              AND sum(octet_length(text)) OVER sofar - octet_length(text) < (SELECT bytes FROM asked) AS is_within
            FROM (${ids}) one CROSS JOIN LATERAL (
              SELECT category, text FROM campaign_search WHERE campaign_id = one.id OFFSET 0) searched
          WINDOW sofar AS (ROWS UNBOUNDED PRECEDING)) row`;
}

/** The campaign of a row. The fence has each looked up by itself, however many the planner expects. */
export function campaignOf(row: string): string {
  return `(SELECT * FROM campaigns WHERE id = ${row}.id OFFSET 0)`;
}
