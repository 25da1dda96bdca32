import { z } from 'zod';
import { fieldError } from '../../../core/field-errors.js';
import { id, messages } from '../../../core/fields.js';
import { datedPlace, paging } from '../../../http/api/paging.js';
import { DEFAULT_BOUNDS } from '../../../config/bounds.js';

const MOST_AT_ONCE = 100;

const MOST_CLAIMED = DEFAULT_BOUNDS.claims.toLocaleString('en');

/** Which page of the gifts that can be claimed. */
export const ClaimableQuery = paging(datedPlace);

/** The gifts to claim. */
export const NewClaim = z
  .object({
    donations: z
      .array(id, { error: messages(fieldError('notAListOfIds')) })
      .min(1, fieldError('tooFewItems', { min: 1 }))
      .max(MOST_AT_ONCE, fieldError('tooManyItems', { max: MOST_AT_ONCE }))
      .optional()
      .meta({
        description:
          'The donations to claim, all of them or none. Absent: all claimable ones, the newest ' +
          `${MOST_CLAIMED} at a time.`,
        examples: [[41, 42]],
      }),
  })
  .meta({ id: 'NewClaim', examples: [{ donations: [41, 42] }] });

/** The answer to a claim. */
export const Claimed = z
  .object({
    claimed: z.int().min(0).meta({ description: 'How many donations have become yours.' }),
  })
  .meta({ id: 'Claimed' });
