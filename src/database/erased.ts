// Conditions in SQL for what was deleted while rows still refer to it (ADR 023). A read that shows anything of a
// donor uses them, so that it is right in the moment of the deletion, however much a job has still to detach.

/**
 * Whether the guest behind `donations d` had proven the same address for an account that was deleted afterwards. The
 * array is read once for a query; the second condition is checked only for addresses in it.
 */
export const GUEST_IS_ERASED = `(lower(d.donor_email) = ANY (ARRAY(
    SELECT e.address FROM erasures e WHERE e.address IS NOT NULL))
  AND d.id <= (SELECT max(e.last_gift) FROM erasures e WHERE e.address = lower(d.donor_email)))`;

/**
 * Whether the donor of `donations d` is a former member. A scalar subquery, since EXISTS may be planned as a hash of
 * all parents.
 */
export const DONOR_IS_ERASED = `(CASE
    WHEN d.donor_id IS NOT NULL THEN (SELECT p.id FROM parents p WHERE p.id = d.donor_id) IS NULL
    WHEN d.donor_email IS NOT NULL THEN ${GUEST_IS_ERASED}
    ELSE true END)`;

/** Whether the campaign or the donor of `donations d` is gone: then nothing that the owner wrote of it is shown. */
export const DONATION_IS_LEFT_ALONE = `(${DONOR_IS_ERASED}
    OR (SELECT c.id FROM campaigns c WHERE c.id = d.campaign_id) IS NULL)`;

/** The status of a keyed request that the database has blanked, since what it mentioned was deleted. */
export const ERASED = 404;
