import type { z } from 'zod';
import { ageOn } from '../families/children/age.js';
import { presentOwnCampaign } from '../fundraising/campaigns/campaigns.presenter.js';
import type { CampaignRow } from '../fundraising/campaigns/campaigns.rows.js';
import { presentOwnDonation } from '../giving/donations/donations.presenter.js';
import type { DonationRow } from '../giving/donations/donations.rows.js';
import type { ChildRow, DashboardRow } from './dashboard.rows.js';
import type { ChildForm, FullCampaign, ParentForm } from './dashboard.schemas.js';

/** A campaign as the child's parent sees it by itself, with its newest gifts. */
export function presentFullCampaign(
  row: CampaignRow,
  donations: DonationRow[],
  now: Date,
): z.input<typeof FullCampaign> {
  return { ...presentOwnCampaign(row, now), donations: donations.map(presentOwnDonation) };
}

/** A child with its campaigns, for its parent's eyes alone. */
export function presentChild(child: ChildRow, now: Date): z.input<typeof ChildForm> {
  return {
    id: child.id,
    name: child.name,
    public_name: child.publicName,
    date_of_birth: child.dateOfBirth,
    age: ageOn(now, child.dateOfBirth),
    gender: child.gender,
    profile_picture: child.profilePicture,
    parent: child.parentId,
    campaigns: child.campaigns.map((campaign) => presentOwnCampaign(campaign, now)),
  };
}

/** A parent with all children and their campaigns, for that parent's eyes alone. */
export function presentParent(parent: DashboardRow, now: Date): z.input<typeof ParentForm> {
  return {
    id: parent.id,
    username: parent.username,
    email: parent.email,
    email_verified: parent.emailVerifiedAt !== null,
    first_name: parent.firstName,
    last_name: parent.lastName,
    date_joined: parent.dateJoined.toISOString(),
    children: parent.children.map((child) => presentChild(child, now)),
  };
}
