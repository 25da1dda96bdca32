import type { z } from 'zod';
import {
  presentOwnDonation,
  type DonationRow,
} from '../../giving/donations/donations.presenter.js';
import type { CATEGORIES, FullCampaign, OwnCampaign, PublicCampaign } from './campaigns.schemas.js';

/** What the forms of a campaign are made of. Moments are strings where a row came as JSON. */
export interface CampaignRow {
  id: number;
  childId: number;
  childName: string;
  title: string;
  description: string;
  goal: number;
  totalRaised: number;
  donationCount: number;
  image: string | null;
  category: (typeof CATEGORIES)[number];
  isOpen: boolean;
  deadline: Date | string | null;
  closeAtDeadline: boolean;
  closeWhenFunded: boolean;
  dateCreated: Date | string;
}

/** The columns of a `CampaignRow`, from `campaigns c` and its `children ch`. Of the child, the public name only. */
export const CAMPAIGN_COLUMNS = `
  c.id, c.child_id AS "childId", ch.public_name AS "childName", c.title, c.description, c.goal,
  c.total_raised::float8 AS "totalRaised", c.donation_count AS "donationCount", c.image, c.category,
  c.is_open AS "isOpen", c.deadline, c.close_at_deadline AS "closeAtDeadline", c.close_when_funded AS "closeWhenFunded",
  c.date_created AS "dateCreated"`;

/** The bytes of long text in a row of these columns, by which a page of them may end early: in SQL, without reading it. */
export const CAMPAIGN_TEXT = 'octet_length(title) + octet_length(description)';

/** The same of a row that was read. */
export function textOfCampaign({ title, description }: CampaignRow): number {
  return Buffer.byteLength(title) + Buffer.byteLength(description);
}

/** A campaign as anyone sees it. */
export function presentCampaign(row: CampaignRow, now: Date): z.input<typeof PublicCampaign> {
  const deadline = row.deadline === null ? null : new Date(row.deadline);
  const isExpired = deadline !== null && deadline <= now;
  const millisecondsLeft = deadline === null ? null : deadline.getTime() - now.getTime();
  return {
    id: row.id,
    child_name: row.childName,
    title: row.title,
    description: row.description,
    goal: row.goal,
    total_raised: row.totalRaised,
    donation_count: row.donationCount,
    percentage_raised: percentage(row.totalRaised, row.goal),
    image: row.image,
    category: row.category,
    is_open: row.isOpen && !(row.closeAtDeadline && isExpired),
    has_deadline: deadline !== null,
    deadline: deadline?.toISOString() ?? null,
    is_expired: isExpired,
    seconds_remaining:
      millisecondsLeft === null ? null : Math.max(0, Math.floor(millisecondsLeft / 1000)),
    date_created: new Date(row.dateCreated).toISOString(),
  };
}

/** A campaign as the child's parent sees it in lists. */
export function presentOwnCampaign(row: CampaignRow, now: Date): z.input<typeof OwnCampaign> {
  // Assigned: where more fields follow a spread, V8 makes a hidden class for each object (docs/benchmarks.md).
  return Object.assign(presentCampaign(row, now), {
    child: row.childId,
    close_at_deadline: row.closeAtDeadline,
    close_when_funded: row.closeWhenFunded,
  });
}

/** A campaign as the child's parent sees it by itself, with its newest gifts. */
export function presentFullCampaign(
  row: CampaignRow,
  donations: DonationRow[],
  now: Date,
): z.input<typeof FullCampaign> {
  return { ...presentOwnCampaign(row, now), donations: donations.map(presentOwnDonation) };
}

/** The share of the goal in percent, to one decimal, halves up; in whole tenths, so that it is exact. */
function percentage(total: number, goal: number): number {
  return Math.floor((2000 * total + goal) / (2 * goal)) / 10;
}
