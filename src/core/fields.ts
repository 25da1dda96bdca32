import { z } from 'zod';
import { isCommonPassword } from './common-passwords.js';
import { fieldError, type FieldError } from './field-errors.js';
import { isMailAddress } from './mail-address.js';
import { codePoints, hasTooManyMarks, isFarTooLong, MOST_MARKS, tidy } from './text.js';

/** The largest id that a column can hold; a number beyond it names nothing. */
const LARGEST_ID = 2_147_483_647;

const SHORTEST_PASSWORD = 8;

/** Bytes that bcrypt looks at; it ignores the rest, so no longer password is ever set. */
export const LONGEST_PASSWORD = 72;

const NOT_A_STRING = fieldError('notAString');
const NOT_UNICODE = fieldError('notUnicode');
const CONTROL_CHARACTERS = fieldError('controlCharacters');
const NOT_AN_ID = fieldError('notAnId');
const NOT_A_WHOLE_NUMBER = fieldError('notAWholeNumber');
const NOT_A_DATE = fieldError('notADate');

// Control characters: C0 and DEL. Long text may hold tabs and newlines.
const CONTROL = /[\u0000-\u001F\u007F]/u;
const CONTROL_BUT_TAB_AND_NEWLINE = /[\u0000-\u0008\u000B-\u001F\u007F]/u;

/** Says that a field is missing, null, or else what `invalid` says. */
export function messages(invalid: FieldError) {
  return ({ input }: { input?: unknown }): FieldError => {
    if (input === undefined) return fieldError('required');
    return input === null ? fieldError('null') : invalid;
  };
}

/** An id in a list, an answer or a cursor. */
export const id = z.int(NOT_AN_ID).min(1, NOT_AN_ID).max(LARGEST_ID, NOT_AN_ID);

/** An id in a path: decimal digits with no sign and no leading zero. */
export const idInPath = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number)
  .pipe(id)
  .meta({ override: { type: 'integer', minimum: 1, maximum: LARGEST_ID, pattern: undefined } });

interface TextRule {
  /** Code points, after trimming. */
  min?: number;
  max: number;
  /** Whether tabs and newlines may stand in it. */
  multiline?: boolean;
}

/**
 * Text as a person types it: trimmed, NFC, no control characters, no half characters; lengths in code points.
 * What is far too long or would take long to normalise is refused first, and nothing more is said of it.
 */
export function text({ min = 1, max, multiline = false }: TextRule) {
  const control = multiline ? CONTROL_BUT_TAB_AND_NEWLINE : CONTROL;
  const tooLong = fieldError('tooLong', { max });
  return z
    .string({ error: messages(NOT_A_STRING) })
    .refine((value) => !isFarTooLong(value, max), { error: tooLong, abort: true })
    .refine((value) => value.isWellFormed(), { error: NOT_UNICODE, abort: true })
    .refine((value) => !hasTooManyMarks(value), {
      error: fieldError('tooManyMarks', { max: MOST_MARKS }),
      abort: true,
    })
    .overwrite((value) => tidy(multiline ? value.replaceAll('\r\n', '\n') : value))
    .refine((value) => !control.test(value), {
      error: CONTROL_CHARACTERS,
      abort: true,
    })
    .refine((value) => min === 0 || value !== '', { error: fieldError('blank'), abort: true })
    .refine((value) => codePoints(value) >= min, fieldError('tooShort', { min }))
    .refine((value) => codePoints(value) <= max, { error: tooLong, abort: true })
    .meta({ ...(min > 0 && { minLength: min }), maxLength: max });
}

/** Text that may be left out: null and the empty string mean none, which is stored as the empty string. */
export function optionalText(rule: Omit<TextRule, 'min'>) {
  return text({ ...rule, min: 0 })
    .nullable()
    .transform((value) => value ?? '')
    .optional();
}

/** An http or https URL that may be left out: null and the empty string mean none. */
export const optionalUrl = text({ min: 0, max: 2048 })
  .refine((value) => value === '' || isHttpUrl(value), fieldError('notAUrl'))
  .nullable()
  .transform((value) => value || null)
  .optional();

function isHttpUrl(value: string): boolean {
  if (!/^https?:\/\/[^\s/?#]/i.test(value) || /\s/.test(value)) return false;
  // What stands before an @ would be published with it.
  const { username, password } = URL.parse(value) ?? { username: value };
  return username === '' && password === '';
}

/** One of a few words; null and the empty string mean none. */
export function optionalChoice<const Words extends readonly string[]>(words: Words) {
  return z
    .enum([...words, ''] as [...Words, ''], { error: notAChoice(words) })
    .nullable()
    .transform((value) => (value || null) as Words[number] | null)
    .optional();
}

/** One of a few words. */
export function choice<const Words extends readonly string[]>(words: Words) {
  return z.enum(words as unknown as [...Words], { error: messages(notAChoice(words)) });
}

function notAChoice(words: readonly string[]): FieldError {
  return fieldError('notAChoice', { choices: words.join(', ') });
}

/** A JSON boolean and nothing that looks like one. */
export const flag = z.boolean({ error: messages(fieldError('notABoolean')) });

/** Whole units of the currency: a JSON integer, or 1 to 6 decimal digits as HTML forms send them. */
export function money({ max }: { max: number }) {
  const digits = z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number);
  return z
    .union([z.int(NOT_A_WHOLE_NUMBER), digits], { error: messages(NOT_A_WHOLE_NUMBER) })
    .pipe(
      z
        .int()
        .min(1, fieldError('tooSmall', { min: 1 }))
        .max(max, fieldError('tooLarge', { max })),
    )
    .meta({
      anyOf: [
        { type: 'integer', minimum: 1, maximum: max },
        { type: 'string', pattern: '^\\d{1,6}$' },
      ],
    });
}

/** A login address: one that mail can be sent to, its case kept as typed. */
export const email = text({ max: 254 }).refine(isMailAddress, {
  error: fieldError('notAnEmail'),
});

/** A calendar date that exists, `YYYY-MM-DD`. */
export const date = z
  .string({ error: messages(NOT_A_DATE) })
  .refine((value) => z.regexes.date.test(value), NOT_A_DATE)
  .meta({ format: 'date' });

/** A moment in an answer: RFC 3339, UTC, milliseconds. */
export const moment = z
  .string()
  .meta({ format: 'date-time', examples: ['2026-03-01T00:00:00.000Z'] });

/** A password as given: neither trimmed nor normalised. */
export const givenPassword = z
  .string({ error: messages(NOT_A_STRING) })
  .refine((value) => value.isWellFormed(), { error: NOT_UNICODE, abort: true })
  .refine((value) => !CONTROL.test(value), {
    error: CONTROL_CHARACTERS,
    abort: true,
  })
  .meta({ format: 'password' });

/** A password to be set: at least 8 characters, at most 72 bytes of UTF-8, none of the common ones. */
export const newPassword = givenPassword
  .refine((value) => Buffer.byteLength(value) <= LONGEST_PASSWORD, {
    error: fieldError('tooManyBytes', { max: LONGEST_PASSWORD }),
    abort: true,
  })
  .refine(
    (value) => codePoints(value) >= SHORTEST_PASSWORD,
    fieldError('tooShort', { min: SHORTEST_PASSWORD }),
  )
  .refine((value) => !isCommonPassword(value), fieldError('commonPassword'))
  .meta({ format: 'password', minLength: SHORTEST_PASSWORD, maxLength: LONGEST_PASSWORD });
