import type { z } from 'zod';
import { DONOR_IS_ERASED, GUEST_IS_ERASED } from '../../../database/erased.js';
import { unitsUp } from '../../../core/money.js';
import type { DatedPlace } from '../../../core/page.js';
import type {
  GivenDonation,
  OwnDonation,
  PublicDonation,
  SeenDonation,
  STATUSES,
} from './donations.schemas.js';

const ANONYMOUS = 'Anonymous';
const FORMER_MEMBER = 'Former member';
const DELETED_CAMPAIGN = { id: null, title: 'Deleted DreamJar', goal: null, child_name: null };

/** What the forms of a gift are made of. Moments are strings where a row came as JSON. */
export interface DonationRow {
  id: number;
  amount: number;
  comment: string;
  anonymous: boolean;
  /** Null when the donor is a former member. */
  donorName: string | null;
  dateDonated: Date | string;
  donorId: number | null;
  /** The guest's, or the account's of today. */
  donorEmail: string | null;
  status: (typeof STATUSES)[number];
  /** Minor units. */
  refunded: number;
}

/**
 * The columns that every form of a gift is made of, from `donations d`. Of a former member the name is gone at once,
 * and the comment of an anonymous gift at a moment that a job draws: it must not change together with a named one.
 */
export const DONATION_COLUMNS = `d.id, d.amount, d.anonymous, d.date_donated AS "dateDonated", d.status, d.refunded,
  CASE WHEN d.anonymous OR NOT ${DONOR_IS_ERASED} THEN d.comment ELSE '' END AS comment,
  CASE WHEN NOT ${DONOR_IS_ERASED} THEN d.donor_name END AS "donorName"`;

/** The address of a donor who is no former member, from `donations d` and its `parents donor`. */
export const DONOR_EMAIL = `coalesce(donor.email, CASE WHEN NOT ${GUEST_IS_ERASED} THEN d.donor_email END)`;

/** The columns of a `DonationRow` for the campaign's owner, from `donations d` and its `parents donor`. */
export const OWN_DONATION_COLUMNS = `${DONATION_COLUMNS},
  donor.id AS "donorId", ${DONOR_EMAIL} AS "donorEmail"`;

/** The gifts that donor and owner see, of `donations d`: one that never had a page to be paid at was not begun. */
export const BEGUN_GIFTS =
  "(d.status = 'completed' OR EXISTS (SELECT FROM checkouts k WHERE k.donation_id = d.id))";

/** The order of lists of `donations d`: by when a gift was given, which is when it began to count. */
export const NEWEST_FIRST = 'd.date_donated DESC, d.id DESC';

/** The gifts of `donations d` after a place in that order, given by its moment and its id. */
export function olderThan(moment: string, id: string): string {
  return `(d.date_donated, d.id) < (${moment}::timestamptz, ${id}::int)`;
}

/** The place of a gift in that order. */
export function placeOf({ dateDonated, id }: Pick<DonationRow, 'dateDonated' | 'id'>): DatedPlace {
  return { at: new Date(dateDonated).getTime(), id };
}

/** The gifts that count and that the public sees, of `donations d`, in the words of the index that has them. */
export const COUNTED_GIFTS = "d.status = 'completed' AND d.refunded < d.amount * 100";

/** A gift with what its donor may know of the campaign; null where the campaign is gone. */
export interface GivenRow extends DonationRow {
  donorEmail: string;
  campaignId: number | null;
  campaignTitle: string | null;
  campaignGoal: number | null;
  childName: string | null;
}

/** Selects what a `GivenRow` is made of but its email, from `donations d`. */
export const GIVEN = `
  SELECT ${DONATION_COLUMNS}, d.donor_id AS "donorId", c.id AS "campaignId",
         c.title AS "campaignTitle", c.goal AS "campaignGoal", ch.public_name AS "childName"
    FROM donations d
    LEFT JOIN campaigns c ON c.id = d.campaign_id
    LEFT JOIN children ch ON ch.id = c.child_id`;

/** A gift as anyone sees it. */
export function presentDonation(row: DonationRow): z.input<typeof PublicDonation> {
  // Assigned: where more fields follow a spread, V8 makes a hidden class for each object (docs/benchmarks.md).
  return Object.assign(commonForm(row), { donor_name: row.anonymous ? ANONYMOUS : nameOf(row) });
}

/** A gift as the campaign's owner sees it. Of a former member nothing is left to tell. */
export function presentOwnDonation(row: DonationRow): z.input<typeof OwnDonation> {
  const masked = row.anonymous && row.donorName === null;
  return Object.assign(commonForm(row), courseOf(row), {
    donor_name: masked ? ANONYMOUS : nameOf(row),
    donor: row.donorId,
    donor_email: row.donorEmail,
  });
}

/** A gift as its donor sees it. */
export function presentGivenDonation(row: GivenRow): z.input<typeof GivenDonation> {
  const { campaignId: id, campaignTitle: title, campaignGoal: goal } = row;
  return Object.assign(commonForm(row), courseOf(row), {
    donor_name: nameOf(row),
    donor_email: row.donorEmail,
    campaign:
      id === null || title === null
        ? DELETED_CAMPAIGN
        : { id, title, goal, child_name: row.childName },
  });
}

/** A gift as its donor sees it, or whoever has a token: without an address that isn't theirs to know. */
export function presentSeenDonation(
  row: Omit<GivenRow, 'donorEmail'> & { donorEmail: string | null },
): z.input<typeof SeenDonation> {
  const { donorEmail } = row;
  const gift = presentGivenDonation({ ...row, donorEmail: donorEmail ?? '' });
  return { ...gift, donor_email: donorEmail };
}

/** The answer to giving: an anonymous gift as everyone will see it, and nothing kept for replays that names its donor. */
export function presentNewDonation(row: GivenRow): z.input<typeof GivenDonation> {
  const gift = presentGivenDonation(row);
  return row.anonymous ? { ...gift, donor_name: ANONYMOUS } : gift;
}

function commonForm(row: DonationRow) {
  return {
    id: row.id,
    amount: row.amount,
    comment: row.comment,
    anonymous: row.anonymous,
    date_donated: new Date(row.dateDonated).toISOString(),
  };
}

/** What is left of a gift is rounded down to whole units, so what went back is rounded up. */
function courseOf({ status, refunded }: DonationRow) {
  return { status, refunded_amount: unitsUp(refunded) };
}

function nameOf({ donorName }: DonationRow): string {
  return donorName ?? FORMER_MEMBER;
}
