import type { Context } from '../../../context.js';
import { statement } from '../../../database/statement.js';
import { GUEST_IS_ERASED } from '../../../database/erased.js';
import { COUNTED_GIFTS } from '../donations/donations.rows.js';
import type { Asked, Figures } from './statistics.schemas.js';

/** Days: ten years. */
export const LONGEST_RANGE = 3_660;

/**
 * The figures of some `campaigns c`, exact: sums are whole minor units, and each division rounds once. A day
 * has raised by how much the running total, rounded down, has grown, so that the days add up to the whole.
 */
const statisticsOf = (these: string) =>
  statement(`
  WITH jar AS (
    SELECT c.id, (c.date_created AT TIME ZONE 'UTC')::date AS day FROM campaigns c WHERE ${these}
  ), gift AS MATERIALIZED (
    SELECT (d.date_donated AT TIME ZONE 'UTC')::date AS day, d.amount::bigint * 100 - d.refunded AS net,
           coalesce('parent ' || donor.id, CASE WHEN NOT ${GUEST_IS_ERASED} THEN 'guest ' || lower(d.donor_email) END,
                    'gift ' || d.id) AS person
      FROM jar JOIN donations d ON d.campaign_id = jar.id AND ${COUNTED_GIFTS}
      LEFT JOIN parents donor ON donor.id = d.donor_id
  ), range AS (
    SELECT coalesce($2::date, least((SELECT min(day) FROM jar), (SELECT min(day) FROM gift), $4::date)) AS first,
           coalesce($3::date, $4::date) AS last
  ), counted AS (
    SELECT gift.* FROM gift JOIN range ON gift.day BETWEEN range.first AND range.last
  ), total AS (
    SELECT coalesce(sum(net), 0)::bigint AS net, count(*) AS gifts, count(DISTINCT person) AS donors,
           coalesce(max(net), 0) AS largest
      FROM counted
  ), by_day AS (
    SELECT range.first + n AS day, count(net) AS gifts, coalesce(sum(net), 0)::bigint AS net,
           (sum(coalesce(sum(net), 0)) OVER (ORDER BY range.first + n))::bigint AS so_far
      FROM range CROSS JOIN generate_series(0, least(range.last - range.first, ${LONGEST_RANGE - 1})) n
      LEFT JOIN counted ON counted.day = range.first + n
     GROUP BY range.first, n
  )
  SELECT range.first::text AS "from", range.last::text AS "to",
         (total.net / 100)::float8 AS raised, total.gifts::int, total.donors::int,
         coalesce((2 * total.net + 100 * total.gifts) / nullif(200 * total.gifts, 0), 0)::float8 AS average,
         (total.largest / 100)::float8 AS largest,
         coalesce((SELECT json_agg(json_build_object(
             'date', day::text, 'raised', so_far / 100 - (so_far - net) / 100, 'gifts', gifts) ORDER BY day)
           FROM by_day), '[]') AS daily
    FROM range, total`);

const STATISTICS = {
  campaign: statisticsOf('c.id = $1'),
  child: statisticsOf('c.child_id = $1'),
};

/** Of what the figures are: of one campaign, or of all campaigns of a child. */
export type Subject = keyof typeof STATISTICS;

/** The figures of a campaign or a child. Of a range that is too long, or empty, the days are not all there. */
export async function findStatistics(
  { db, now }: Context,
  of: Subject,
  id: number,
  { from, to }: Asked,
): Promise<Figures> {
  const today = now.toISOString().slice(0, 10);
  const values = [id, from ?? null, to ?? null, today];
  const [row] = await db.query<Figures>(STATISTICS[of], values);
  return row!;
}
