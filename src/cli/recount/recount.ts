import type pg from 'pg';

/** Campaigns that are locked at once: gifts to them wait as long. */
const BATCH = 100;

/** What was looked at, and what was put right. */
export interface Recounted {
  campaigns: number;
  totals: number;
  gifts: number;
}

/** Campaigns are locked before their gifts are read, as by whoever gives: what is read then is all there is. */
const LOCK = `
  SELECT coalesce(max(id), 0) AS last, count(*)::int AS count FROM (
    SELECT id FROM campaigns WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE) locked`;

const TOTALS = `
  UPDATE campaigns c SET net_raised = right_now.net, total_raised = right_now.net / 100, donation_count = right_now.gifts
    FROM (SELECT k.id, coalesce(sum(g.net), 0)::bigint AS net, count(g.net) AS gifts
            FROM campaigns k LEFT JOIN LATERAL (
              SELECT donation_net(d.status, d.amount, d.refunded) AS net FROM donations d WHERE d.campaign_id = k.id
            ) g ON g.net > 0
           WHERE k.id > $1 AND k.id <= $2 GROUP BY k.id) right_now
   WHERE c.id = right_now.id
     AND (c.net_raised, c.donation_count) IS DISTINCT FROM (right_now.net, right_now.gifts::int)`;

/** Whether a gift's refunds are what it says is their trigger's to know: it looks again when one is touched. */
const REFUNDS = `UPDATE refunds SET amount = amount WHERE id IN (
  SELECT r.id FROM refunds r JOIN donations d ON d.id = r.donation_id WHERE d.campaign_id > $1 AND d.campaign_id <= $2)`;

const NOT_REFUNDED = `UPDATE donations d SET refunded = 0 WHERE d.campaign_id > $1 AND d.campaign_id <= $2
  AND d.refunded <> 0 AND NOT EXISTS (SELECT FROM refunds r WHERE r.donation_id = d.id)`;

const REFUNDED = `SELECT d.id, d.refunded FROM donations d WHERE d.campaign_id > $1 AND d.campaign_id <= $2
  AND (d.refunded <> 0 OR EXISTS (SELECT FROM refunds r WHERE r.donation_id = d.id))`;

/** What a campaign is found by is its trigger's to know as well. */
const SEARCH = 'UPDATE campaigns SET title = title WHERE id > $1 AND id <= $2';

/** Counts anew, batch by batch, what triggers keep: totals, what was given back, and what campaigns are found by. */
export async function recount(client: pg.Client, batch = BATCH): Promise<Recounted> {
  const done: Recounted = { campaigns: 0, totals: 0, gifts: 0 };
  for (let after = 0; ;) {
    await client.query('BEGIN');
    const locked = await client.query<{ last: number; count: number }>(LOCK, [after, batch]);
    const { last, count } = locked.rows[0]!;
    const range = [after, last];
    // Totals first: once they are right, triggers keep them so while refunds are put right.
    done.totals += (await client.query(TOTALS, range)).rowCount ?? 0;
    done.gifts += await recountRefunds(client, range);
    await client.query(SEARCH, range);
    await client.query('COMMIT');
    done.campaigns += count;
    if (count < batch) return done;
    after = last;
  }
}

async function recountRefunds(client: pg.Client, range: number[]): Promise<number> {
  const before = await refundedIn(client, range);
  await client.query(NOT_REFUNDED, range);
  await client.query(REFUNDS, range);
  const after = await refundedIn(client, range);
  const ids = new Set([...before.keys(), ...after.keys()]);
  return [...ids].filter((id) => (before.get(id) ?? 0) !== (after.get(id) ?? 0)).length;
}

async function refundedIn(client: pg.Client, range: number[]): Promise<Map<number, number>> {
  const { rows } = await client.query<{ id: number; refunded: number }>(REFUNDED, range);
  return new Map(rows.map(({ id, refunded }) => [id, refunded]));
}
