import type { z } from 'zod';
import { unitsUp } from '../../../core/money.js';
import type { DonationRow, GivenRow } from './donations.rows.js';
import type {
  GivenDonation,
  OwnDonation,
  PublicDonation,
  SeenDonation,
} from './donations.schemas.js';

const ANONYMOUS = 'Anonymous';
const FORMER_MEMBER = 'Former member';
const DELETED_CAMPAIGN = { id: null, title: 'Deleted DreamJar', goal: null, child_name: null };

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

/** A donation as shown to its donor, or to the holder of a token. Without an address, where that must not see one. */
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
