import type { Context } from '../../core/context.js';
import { statement } from '../../core/database.js';
import { Page, pageOf, withinPageText } from '../../core/page.js';
import type { SearchBounds } from '../../core/searching.js';
import { placeAfter, runsOf, Values, type Run } from './browse-orders.js';
import { momentOf, rowsFor } from './browse.queries.js';
import { isOpenAt } from './campaigns.access.js';
import {
  CAMPAIGN_COLUMNS,
  CAMPAIGN_TEXT,
  textOfCampaign,
  type CampaignRow,
} from './campaigns.presenter.js';
import type { BrowseQuery } from './campaigns.schemas.js';

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
 * the next one goes on from there.
 */
export async function searchCampaigns(
  ctx: Context,
  query: BrowseQuery,
  words: string[],
): Promise<Page<CampaignRow>> {
  const { search: bounds } = ctx.settings;
  const at = momentOf(query, ctx.now);
  const values = new Values();
  const asked = askedFor(ctx, query, words, values);
  const runs = runsOf(query, at, values);
  const text = searchStatement(runs, asked, bounds, rowsFor(query.page_size));
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

/**
 * Three ways in one statement, of which the first that suits is taken (ADR 021). `near`: the first campaigns in the
 * order fill the page, or there are no more. `far`: enough of them match that following the order will fill it.
 * `index`: few match, so the index gives the candidates, which are put in order. Where it gives too many, `far`.
 * The nearest are read by themselves, else PostgreSQL may sort all campaigns because so many may follow.
 */
function searchStatement(runs: Run[], asked: Asked, bounds: SearchBounds, limit: number): string {
  const { near, far, candidates, nearBytes, farBytes } = bounds;
  return `WITH asked AS MATERIALIZED (${folded(asked, bounds)}),
    nearest AS MATERIALIZED (${examined(followedRows(runs, asked, near + 1))}),
    followed AS MATERIALIZED (${examined(followedRows(runs, asked, far))}),
    near_rows AS MATERIALIZED (
      SELECT * FROM nearest WHERE place <= ${near} AND ${isWithin(nearBytes)}),
    near_found AS MATERIALIZED (SELECT id, place FROM near_rows WHERE ${holds(asked)} LIMIT ${limit}),
    way AS MATERIALIZED (
      SELECT CASE WHEN hits >= ${limit} OR NOT EXISTS (
                    SELECT FROM nearest WHERE place > (SELECT count(*) FROM near_rows)) THEN 'near'
                  WHEN ${isFrequent(bounds, limit)} THEN 'far' ELSE 'index' END AS first
        FROM (SELECT count(*) AS hits FROM near_found) counted),
    candidates AS MATERIALIZED (
      SELECT s.campaign_id FROM campaign_search s
       WHERE (SELECT first FROM way) = 'index' AND ${isCandidate('s')} LIMIT ${candidates + 1}),
    taken AS MATERIALIZED (
      SELECT CASE WHEN first = 'index' AND (SELECT count(*) FROM candidates) > ${candidates} THEN 'far'
                  ELSE first END AS way FROM way),
    listed AS MATERIALIZED (${examined(listedRows(runs, asked))}),
    found AS MATERIALIZED (
      SELECT id, place FROM near_found WHERE (SELECT way FROM taken) <> 'index'
      UNION ALL
      (SELECT id, place FROM followed
        WHERE (SELECT way FROM taken) = 'far' AND place > (SELECT count(*) FROM near_rows)
          AND ${isWithin(farBytes)} AND ${holds(asked)} LIMIT ${limit})
      UNION ALL
      (SELECT id, place FROM listed
        WHERE (SELECT way FROM taken) = 'index' AND ${isWithin(farBytes)} AND ${holds(asked)} LIMIT ${limit})
      LIMIT ${limit}),
    ended AS MATERIALIZED (
      ${endOf('followed', 'far', farBytes, `place = ${far}`, limit)}
      UNION ALL
      ${endOf('listed', 'index', farBytes, 'false', limit)}),
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

/** Whether the `hits` among the first let expect so many among a quarter of what may be looked through. */
export function isFrequent({ near, far }: SearchBounds, wanted: number): string {
  return `hits * ${Math.floor(far / (4 * near))} >= ${wanted}`;
}

/**
 * The words in one case, and the entries of the index that a campaign has if it holds them. `weight` is how many
 * times as long a text may take as with few letters: strpos may compare all letters at each place of the text.
 */
export function folded({ words, category }: Asked, { letters }: SearchBounds): string {
  return `SELECT words, search_terms(words, ${category}) AS terms,
      greatest(1, length(array_to_string(words, '')) / ${letters}.0) AS weight
    FROM (SELECT ARRAY(SELECT fold_case(word) FROM unnest(${words}) word) AS words) folded`;
}

/** Open campaigns in their order, of all categories: so what is read is bounded, however few are in the right one. */
export function followedRows(runs: Run[], { open }: Asked, limit: number): string {
  const rows = runs.map(
    ({ where, order }) => `(SELECT c.id, c.category FROM campaigns c
      WHERE ${[open, ...where].join(' AND ')} ORDER BY ${order} LIMIT ${limit})`,
  );
  return `SELECT * FROM (${rows.join(' UNION ALL ')}) run LIMIT ${limit}`;
}

/** The candidates in the same order. The fence has each looked up by itself, however many the planner expects. */
function listedRows(runs: Run[], { open }: Asked): string {
  const rows = runs.map(
    ({ where, order }) => `(SELECT c.id, c.category FROM candidates CROSS JOIN LATERAL (
        SELECT * FROM campaigns WHERE id = candidates.campaign_id OFFSET 0) c
      WHERE (SELECT way FROM taken) = 'index' AND ${[open, ...where].join(' AND ')} ORDER BY ${order})`,
  );
  return rows.join(' UNION ALL ');
}

/** Rows with their text, each with its place among them and the bytes of text before it. Read only as far as asked. */
export function examined(rows: string): string {
  return `SELECT id, category, text, row_number() OVER sofar AS place,
      sum(octet_length(text)) OVER sofar - octet_length(text) AS before
    FROM (SELECT id, category, (SELECT s.text FROM campaign_search s WHERE s.campaign_id = id) AS text
            FROM (${rows}) row OFFSET 0) row
    WINDOW sofar AS (ROWS UNBOUNDED PRECEDING)`;
}

/** Whether so many bytes of text may be looked through that this row is among them. */
export function isWithin(bytes: number): string {
  return `before * (SELECT weight FROM asked) < ${bytes}`;
}

/** Whether the index has all grams of the words, in some order. */
export function isCandidate(search: string): string {
  const { text, category } = { text: `${search}.text`, category: `${search}.category` };
  return `${search}.is_open AND search_grams(${text}, ${category}) @> (SELECT terms FROM asked)`;
}

/** Whether a row is what is asked for. */
export function holds({ category }: Asked): string {
  return `(${category} IS NULL OR category = ${category}) AND NOT EXISTS (
    SELECT FROM unnest((SELECT words FROM asked)) word WHERE strpos(text, word) = 0)`;
}

/** The last row that was looked at, if the page isn't full and more rows may follow. */
function endOf(rows: string, way: string, bytes: number, orElse: string, limit: number): string {
  return `(SELECT id, place FROM (
      SELECT id, place FROM ${rows} WHERE (SELECT way FROM taken) = '${way}' AND ${isWithin(bytes)}
       ORDER BY place DESC LIMIT 1) last
    WHERE (SELECT count(*) FROM found) < ${limit}
      AND (${orElse} OR EXISTS (SELECT FROM ${rows} next WHERE next.place > last.place)))`;
}
