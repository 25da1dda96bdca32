import { columns } from '../../database/columns.js';
import type { ParentRow } from '../accounts/parents/parents.rows.js';
import type { GENDERS } from '../families/children/children.schemas.js';
import type { CampaignRow } from '../fundraising/campaigns/campaigns.rows.js';
import type { DonationRow } from '../giving/donations/donations.rows.js';

/** What the form of a child is made of. */
export interface ChildRow {
  id: number;
  parentId: number;
  name: string;
  publicName: string;
  /** `YYYY-MM-DD` */
  dateOfBirth: string;
  gender: (typeof GENDERS)[number] | null;
  profilePicture: string | null;
  /** Newest first. */
  campaigns: CampaignRow[];
}

/** The columns of a `ChildRow` but its campaigns, from `children ch`. */
export const CHILD_COLUMNS = columns<Omit<ChildRow, 'campaigns'>>({
  id: 'ch.id',
  parentId: 'ch.parent_id',
  name: 'ch.name',
  publicName: 'ch.public_name',
  dateOfBirth: 'ch.date_of_birth::text',
  gender: 'ch.gender',
  profilePicture: 'ch.profile_picture',
});

/** A parent with all children and their campaigns. */
export interface DashboardRow extends ParentRow {
  children: ChildRow[];
}

/** A campaign, and for its owner the newest donations; null for anyone else. */
export interface CampaignPageRow extends CampaignRow {
  donations: DonationRow[] | null;
}
