import { z } from 'zod';
import { id, messages } from '../../core/fields.js';
import { datedPlace, paging } from '../../http/paging.js';

const MOST_AT_ONCE = 100;

/** Which page of the gifts that can be claimed. */
export const ClaimableQuery = paging(datedPlace);

/** The gifts to claim. */
export const NewClaim = z
  .object({
    donations: z
      .array(id, { error: messages('A list of ids is required.') })
      .min(1, 'Name at least one gift, or leave the field out.')
      .max(MOST_AT_ONCE, `Name at most ${MOST_AT_ONCE} gifts.`)
      .optional()
      .meta({
        description: 'The gifts to claim, all of them or none. Absent: all claimable ones.',
      }),
  })
  .meta({ id: 'NewClaim', examples: [{ donations: [41, 42] }] });

/** The answer to a claim. */
export const Claimed = z
  .object({ claimed: z.int().min(0).meta({ description: 'How many gifts have become yours.' }) })
  .meta({ id: 'Claimed' });
