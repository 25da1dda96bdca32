import { columns } from '../../../database/columns.js';
import { DONOR_IS_ERASED, GUEST_IS_ERASED } from '../../../database/erased.js';
import type { DatedPlace } from '../../../core/page.js';
import type { STATUSES } from './donations.schemas.js';

/** What the responses about a donation are made of. Moments are strings where a row came as JSON. */
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
 * What every response about a donation has, from `donations d`. The name of a former member is gone at once, and the
 * comment of an anonymous donation at a moment that a job draws: it must not change together with a named one.
 */
const COMMON = {
  id: 'd.id',
  amount: 'd.amount',
  anonymous: 'd.anonymous',
  dateDonated: 'd.date_donated',
  status: 'd.status',
  refunded: 'd.refunded',
  comment: `CASE WHEN d.anonymous OR NOT ${DONOR_IS_ERASED} THEN d.comment ELSE '' END`,
  donorName: `CASE WHEN NOT ${DONOR_IS_ERASED} THEN d.donor_name END`,
};

/** The address of a donor who is no former member, from `donations d` and its `parents donor`. */
export const DONOR_EMAIL = `coalesce(donor.email, CASE WHEN NOT ${GUEST_IS_ERASED} THEN d.donor_email END)`;

/** A `DonationRow` that tells nothing of who the donor is, from `donations d`. */
export const PUBLIC_DONATION = { ...COMMON, donorId: 'NULL::int', donorEmail: 'NULL' };

/** A `DonationRow` for the campaign's owner, from `donations d` and its `parents donor`. */
export const OWN_DONATION = { ...COMMON, donorId: 'donor.id', donorEmail: DONOR_EMAIL };

/** A donation with what its donor may know of the campaign; null where the campaign is gone. */
export interface GivenRow extends DonationRow {
  donorEmail: string;
  campaignId: number | null;
  campaignTitle: string | null;
  campaignGoal: number | null;
  childName: string | null;
}

/** Selects a `GivenRow` without its email, from `donations d`. */
export const GIVEN = `
  SELECT ${columns<Omit<GivenRow, 'donorEmail'>>({
    ...COMMON,
    donorId: 'd.donor_id',
    campaignId: 'c.id',
    campaignTitle: 'c.title',
    campaignGoal: 'c.goal',
    childName: 'ch.public_name',
  })}
    FROM donations d
    LEFT JOIN campaigns c ON c.id = d.campaign_id
    LEFT JOIN children ch ON ch.id = c.child_id`;

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
