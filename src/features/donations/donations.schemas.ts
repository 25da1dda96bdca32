import { z } from 'zod';
import { flag, id, moment, money, optionalText } from '../../core/fields.js';
import { paging } from '../../http/paging.js';

const LARGEST_GIFT = 100_000;

export const NewDonation = z
  .object({
    amount: money({ max: LARGEST_GIFT }),
    comment: optionalText({ max: 200, multiline: true }),
    anonymous: flag.optional(),
    donor_name: optionalText({ max: 100 }).meta({
      description: 'Required without an account. Signed in, the default is your first name.',
    }),
    donor_email: optionalText({ max: 254 }).meta({
      description: 'Required without an account, ignored with one.',
      format: 'email',
    }),
  })
  .meta({
    id: 'NewDonation',
    examples: [
      {
        amount: 25,
        comment: 'Play us something!',
        anonymous: false,
        donor_name: 'Aunt Kate',
        donor_email: 'kate@example.org',
      },
    ],
  });

export const DonationsQuery = paging(z.object({ id }));

const fields = {
  id,
  amount: z.int(),
  comment: z.string(),
  anonymous: z.boolean(),
  donor_name: z.string(),
  date_donated: moment,
};

export const PublicDonation = z.object(fields).meta({ id: 'PublicDonation' });

/** A gift as the campaign's owner sees it: who gave, also when the gift is anonymous to the public. */
export const OwnDonation = z
  .object({ ...fields, donor: id.nullable(), donor_email: z.string().nullable() })
  .meta({ id: 'OwnDonation' });

/** The campaign of a gift; a tombstone once it is deleted. */
const GivenTo = z.object({
  id: id.nullable(),
  title: z.string(),
  goal: z.int().nullable(),
  child_name: z.string().nullable(),
});

/** A gift as its donor sees it. */
export const GivenDonation = z
  .object({ ...fields, donor_email: z.string(), campaign: GivenTo })
  .meta({ id: 'GivenDonation' });
