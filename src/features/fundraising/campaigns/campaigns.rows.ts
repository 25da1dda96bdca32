import type { z } from 'zod';
import { columns } from '../../../database/columns.js';
import type { StoredFields } from '../../../database/stored-fields.js';
import type { CATEGORIES, NewCampaign } from './campaigns.schemas.js';

/** What the responses about a campaign are made of. Moments are strings where a row came as JSON. */
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
export const CAMPAIGN_COLUMNS = columns<CampaignRow>({
  id: 'c.id',
  childId: 'c.child_id',
  childName: 'ch.public_name',
  title: 'c.title',
  description: 'c.description',
  goal: 'c.goal',
  totalRaised: 'c.total_raised::float8',
  donationCount: 'c.donation_count',
  image: 'c.image',
  category: 'c.category',
  isOpen: 'c.is_open',
  deadline: 'c.deadline',
  closeAtDeadline: 'c.close_at_deadline',
  closeWhenFunded: 'c.close_when_funded',
  dateCreated: 'c.date_created',
});

/** Where the fields of a campaign's body are stored. */
export const CAMPAIGN_FIELDS = {
  title: 'title',
  description: 'description',
  goal: 'goal',
  category: 'category',
  image: 'image',
  is_open: 'isOpen',
  close_at_deadline: 'closeAtDeadline',
  close_when_funded: 'closeWhenFunded',
  // `requestedDeadline` makes one column of both.
  has_deadline: null,
  deadline: null,
} as const satisfies StoredFields<z.output<typeof NewCampaign>, CampaignRow>;

/** The bytes of long text in a row of these columns, by which a page of them may end early: in SQL, without reading it. */
export const CAMPAIGN_TEXT = 'octet_length(title) + octet_length(description)';

/** The same of a row that was read. */
export function textOfCampaign({ title, description }: CampaignRow): number {
  return Buffer.byteLength(title) + Buffer.byteLength(description);
}
