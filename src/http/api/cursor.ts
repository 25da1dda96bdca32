import { z } from 'zod';
import { fieldError } from '../../core/field-errors.js';

const INVALID = fieldError('badCursor');

const anyJson = z.string().transform((cursor, check): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    check.addIssue(INVALID);
    return z.NEVER;
  }
});

/** A place in a list as the query's `cursor` carries it: opaque to clients, checked like any input. */
export function cursor<Place extends z.ZodType>(place: Place) {
  return z
    .string(INVALID)
    .max(500, INVALID)
    .pipe(anyJson)
    .refine((value) => place.safeParse(value).success, { error: INVALID, abort: true })
    .transform((value) => place.parse(value))
    .meta({
      description: 'Where the page begins: taken from the `Link` header of the page before.',
    });
}

/** The text of a place, to be read by `cursor`. */
export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}
