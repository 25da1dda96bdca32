import type { z } from 'zod';
import {
  presentOwnCampaign,
  type CampaignRow,
} from '../../fundraising/campaigns/campaigns.presenter.js';
import { ageOn } from './age.js';
import type { ChildForm, GENDERS } from './children.schemas.js';

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
