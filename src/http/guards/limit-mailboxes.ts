import type { Database } from '../../database/client.js';
import { statement } from '../../database/statement.js';
import { inTime } from '../../core/timeout.js';
import { SITE_MULTIPLE, type LimitRule } from '../../config/limit-figures.js';
import { mailboxOf } from '../../core/mailbox.js';
import type { Caller, Key } from './limit-callers.js';
import type { Network } from './network.js';

/**
 * Counts a mailbox for networks in windows where it is new, and remembers it there while the count is within its
 * maximum: one that was mailed to may be named again. Counts are locked in one order.
 */
const COUNT = statement(`
  WITH asked AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) a (count, mailbox, max, expire)
  ), known AS MATERIALIZED (
    SELECT key FROM rate_limits WHERE key = ANY($2::text[])
  ), counted AS (
    INSERT INTO rate_limits AS r (key, points, expire)
    SELECT count, 1, expire FROM asked WHERE mailbox NOT IN (SELECT key FROM known) ORDER BY count
    ON CONFLICT (key) DO UPDATE SET points = r.points + 1
    RETURNING key, points
  ), refused AS (
    SELECT key FROM counted JOIN asked ON key = count WHERE points > max
  ), remembered AS (
    INSERT INTO rate_limits (key, points, expire)
    SELECT mailbox, 1, expire FROM asked JOIN counted ON key = count WHERE points <= max
    ON CONFLICT (key) DO NOTHING
  )
  SELECT count(*)::int AS refused FROM refused`);

/** What counting mailboxes stands on. */
interface Dependencies {
  db: Database;
  /** Hides whom something is counted for. */
  keyOf: Key;
  /** Milliseconds that a count may take. */
  longest: number;
}

/**
 * Counts the mailbox that a visitor's request names under rules about mailboxes, and tells whether their network
 * names too many. Windows begin at fixed moments, so that a mailbox and its count end together.
 */
export async function namesTooManyMailboxes(
  { db, keyOf, longest }: Dependencies,
  rules: LimitRule[],
  { parent, fields }: Caller,
  { client, site }: Network,
): Promise<boolean> {
  const now = Date.now();
  const places = rules.flatMap(({ mailboxes = '', seconds, max }) => {
    const named = fields[mailboxes];
    if (parent || typeof named !== 'string' || named === '') return [];
    const length = seconds * 1000;
    const window = Math.floor(now / length);
    const place = (network: string, most: number) => ({
      count: `mailboxes:${keyOf([network, seconds, window])}`,
      mailbox: `mailbox:${keyOf([network, seconds, window, mailboxOf(named).address])}`,
      max: most,
      expire: (window + 1) * length,
    });
    return [place(client, max), ...(site === undefined ? [] : [place(site, max * SITE_MULTIPLE)])];
  });
  if (places.length === 0) return false;
  const columns = (['count', 'mailbox', 'max', 'expire'] as const).map((name) =>
    places.map((place) => place[name]),
  );
  const counting = db.query<{ refused: number }>(COUNT, columns);
  // Without a count the donation's own statement hardly succeeds either; the budget of each mailbox still holds.
  return inTime(counting, longest, () => new Error('the count took too long')).then(
    ([row]) => row!.refused > 0,
    () => false,
  );
}
