import { z } from 'zod';
import { fieldError } from '../../core/field-errors.js';
import { id } from '../../core/fields.js';
import { LARGEST_PAGE } from '../../core/page.js';
import { cursor } from './cursor.js';

const NOT_A_WHOLE_NUMBER = fieldError('notAWholeNumber');

/** `?page_size=`: 1 to 100. */
export const pageSize = z
  .string(NOT_A_WHOLE_NUMBER)
  .regex(/^\d{1,6}$/, NOT_A_WHOLE_NUMBER)
  .transform(Number)
  .pipe(
    z
      .int()
      .min(1, fieldError('tooSmall', { min: 1 }))
      .max(LARGEST_PAGE, fieldError('tooLarge', { max: LARGEST_PAGE })),
  )
  .default(LARGEST_PAGE)
  .meta({
    override: {
      type: 'integer',
      minimum: 1,
      maximum: LARGEST_PAGE,
      default: LARGEST_PAGE,
      pattern: undefined,
    },
  });

/** A place in a list that is ordered by moment and then id, up to the year 9999. */
export const datedPlace = z.object({ at: z.int().min(0).max(253_402_300_799_999), id });

/** The query of a paged list whose places are of the given form. */
export function paging<Place extends z.ZodType>(place: Place) {
  return z.object({ page_size: pageSize, cursor: cursor(place).optional() });
}
