import { z } from 'zod';
import { cursor } from './cursor.js';

const PAGE_SIZE = 100;
const MESSAGE = `Use a whole number from 1 to ${PAGE_SIZE}.`;

/** `?page_size=`: 1 to 100. */
export const pageSize = z
  .string({ error: MESSAGE })
  .regex(/^\d{1,3}$/, MESSAGE)
  .transform(Number)
  .pipe(z.int().min(1, MESSAGE).max(PAGE_SIZE, MESSAGE))
  .default(PAGE_SIZE)
  .meta({
    override: {
      type: 'integer',
      minimum: 1,
      maximum: PAGE_SIZE,
      default: PAGE_SIZE,
      pattern: undefined,
    },
  });

/** The query of a paged list whose places are of the given form. */
export function paging<Place extends z.ZodType>(place: Place) {
  return z.object({ page_size: pageSize, cursor: cursor(place).optional() });
}
