import { z } from 'zod';
import { id, moment } from '../../core/fields.js';
import { tokenPair } from '../accounts/auth/auth.schemas.js';
import { GENDERS } from '../families/children/children.schemas.js';
import { OwnCampaign } from '../fundraising/campaigns/campaigns.schemas.js';
import { OwnDonation } from '../giving/donations/donations.schemas.js';

/** The owner's full view: with the newest 100 gifts. */
export const FullCampaign = OwnCampaign.extend({ donations: z.array(OwnDonation) }).meta({
  id: 'FullCampaign',
});

/** A child as its parent sees it. Nobody else sees any of it but the public name. */
export const ChildForm = z
  .object({
    id,
    name: z.string(),
    public_name: z.string().meta({ description: 'What the public sees as `child_name`.' }),
    date_of_birth: z.string().meta({ format: 'date' }),
    age: z.int(),
    gender: z.enum(GENDERS).nullable(),
    profile_picture: z.string().nullable(),
    parent: id,
    campaigns: z.array(OwnCampaign).meta({
      description:
        'The newest 100. They end early once they come to 512 kB of text: those of a child, and on the dashboard ' +
        'those of all children together. `GET /children/{id}/campaigns/` has the others.',
    }),
  })
  .meta({ id: 'Child' });

/** A parent as that parent sees it: the dashboard is drawn from this one form. */
export const ParentForm = z
  .object({
    id,
    username: z.string(),
    email: z.string(),
    email_verified: z.boolean(),
    first_name: z.string(),
    last_name: z.string(),
    date_joined: moment,
    children: z.array(ChildForm),
  })
  .meta({ id: 'Parent' });

/** The answer to registering: the parent, signed in. */
export const Registered = z.object({ user: ParentForm, ...tokenPair }).meta({ id: 'Registered' });
