import type { ParentContext } from '../../../context.js';
import type { Database } from '../../../database/client.js';
import { statement } from '../../../database/statement.js';
import { GUEST_IS_ERASED } from '../../../database/erased.js';
import {
  datedBound,
  pageOf,
  type DatedPlace,
  type Page,
  type PageRequest,
} from '../../../core/page.js';
import {
  GIVEN,
  NEWEST_FIRST,
  olderThan,
  placeOf,
  type GivenRow,
} from '../donations/donations.rows.js';

/**
 * The completed gifts of guests with an address, of `donations d`, in the words of the index that has them. Those of a
 * former member who had the address are nobody's.
 */
const givenWith = (address: string) =>
  `lower(d.donor_email) = lower(${address}) AND d.donor_id IS NULL AND d.status = 'completed' AND NOT ${GUEST_IS_ERASED}`;

const CLAIMABLE = statement(`${GIVEN}
   WHERE ${givenWith('$1')} AND ${olderThan('$2', '$3')}
   ORDER BY ${NEWEST_FIRST} LIMIT $4`);

/**
 * The claimant is locked first, as giving and the end of an account do, and that the address is verified is
 * seen under the lock. Of two who claim a gift at once the later finds that it has a donor.
 */
const claiming = (which: string) =>
  statement(`
  WITH claimant AS MATERIALIZED (
    SELECT id, email FROM parents WHERE id = $1 AND email_verified_at IS NOT NULL FOR NO KEY UPDATE
  ), claimed AS (
    UPDATE donations d SET donor_id = claimant.id, donor_email = NULL
      FROM claimant
     WHERE d.id = ANY (ARRAY(
       SELECT d.id FROM donations d
        WHERE ${givenWith('(SELECT email FROM claimant)')} ${which} FOR NO KEY UPDATE OF d))
    RETURNING d.id
  )
  SELECT (SELECT count(*) FROM claimed)::int AS claimed FROM claimant`);

const CLAIM_NAMED = claiming('AND d.id = ANY ($2::int[])');

const CLAIM_NEWEST = claiming(`ORDER BY ${NEWEST_FIRST} LIMIT $2::int`);

/** A page of the gifts that were made by guests with the signed-in parent's address, newest first. */
export async function findClaimable(
  ctx: ParentContext,
  { page_size: size, cursor }: PageRequest<DatedPlace>,
): Promise<Page<GivenRow>> {
  const { email } = ctx.parent;
  const rows = await ctx.db.query<GivenRow>(CLAIMABLE, [email, ...datedBound(cursor), size + 1]);
  return pageOf(rows, size, placeOf).map((row) => ({ ...row, donorEmail: email }));
}

/** Claims the given gifts, or the newest: gives how many, undefined when the address is not verified. */
export async function claim(
  { parent, settings }: ParentContext,
  db: Database,
  ids: number[] | undefined,
): Promise<number | undefined> {
  const [which, value] = ids ? [CLAIM_NAMED, ids] : [CLAIM_NEWEST, settings.bounds.claims];
  const [row] = await db.query<{ claimed: number }>(which, [parent.id, value]);
  return row?.claimed;
}
