import { z } from 'zod';
import { fieldError } from '../../../core/field-errors.js';
import { flag, id, idInPath, moment, money, optionalText } from '../../../core/fields.js';
import { datedPlace, paging } from '../../../http/api/paging.js';

/** The id of a gift, in a path. */
export const DonationPath = z.object({ id: idInPath });

/** Whole units. */
export const LARGEST_GIFT = 100_000;

/** A gift, in whole currency units (contract, Donations). */
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

/** Which page of gifts. */
export const DonationsQuery = paging(datedPlace);

/** What opens the status of a gift to who is not signed in. */
export const StatusQuery = z.object({
  token: z.string(fieldError('notAString')).optional().meta({
    description:
      'Of the return from Stripe, or of the receipt. Not needed by the donor who is signed in.',
  }),
});

/** What has become of a gift. Only ever forward: a payment that came late completes it all the same. */
export const STATUSES = ['pending', 'completed', 'failed', 'expired'] as const;

const fields = {
  id,
  amount: z.int(),
  comment: z.string(),
  anonymous: z.boolean(),
  donor_name: z.string(),
  date_donated: moment,
};

/** A gift as everybody sees it. */
export const PublicDonation = z.object(fields).meta({ id: 'PublicDonation' });

/** What has gone back of a gift, as it is told in answers. */
export const refundedAmount = z.int().min(0).meta({
  description: 'What went back to the donor or is on its way there, rounded up to whole units.',
});

/** What only the donor and the campaign's owner see. */
const course = {
  status: z.enum(STATUSES).meta({
    description:
      'Only `completed` donations count. `pending`: not paid yet; `failed`, `expired`: never paid.',
  }),
  refunded_amount: refundedAmount,
};

/** A gift as the campaign's owner sees it: who gave, also when the gift is anonymous to the public. */
export const OwnDonation = z
  .object({ ...fields, ...course, donor: id.nullable(), donor_email: z.string().nullable() })
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
  .object({ ...fields, ...course, donor_email: z.string(), campaign: GivenTo })
  .meta({ id: 'GivenDonation' });

/** A gift as its donor sees it, or whoever has a token that opens it. */
export const SeenDonation = GivenDonation.extend({
  donor_email: z.string().nullable().meta({
    description: 'Null once the donor is erased, and by token where the donor has an account.',
  }),
}).meta({ id: 'SeenDonation' });

/** The answer to giving. */
export const NewlyGivenDonation = GivenDonation.extend({
  donor_name: z.string().meta({
    description:
      '`Anonymous` for an anonymous donation, as everyone will see it; your history has the name.',
  }),
  checkout_url: z.url().optional().meta({
    description: 'The page where a `pending` donation is paid. Absent where donations are pledges.',
  }),
}).meta({ id: 'NewlyGivenDonation' });
