import { z } from 'zod';
import { fieldError, type FieldError } from '../../../core/field-errors.js';
import { messages } from '../../../core/fields.js';
import { tidy } from '../../../core/text.js';

const INVALID = fieldError('notADeadline');

/** Characters, with blanks around it and more digits than anybody needs. */
const LONGEST = 200;

/** RFC 3339, whose seconds and offset may be missing here; digits beyond milliseconds are cut off. */
const TIME =
  /^(?<date>\d{4}-\d\d-\d\d)[T ](?<time>([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?)(?<offset>Z|[+-]([01]\d|2[0-3]):[0-5]\d)?$/i;

const TO_MILLISECONDS = 'hh:mm:ss.mmm'.length;

/**
 * A deadline as a client writes it: a time, where no offset means UTC, or a date, which means its last
 * millisecond in UTC. Null and the empty string mean none.
 */
export const deadline = z
  .string({ error: messages(INVALID) })
  .max(LONGEST, { error: INVALID, abort: true })
  .transform((text, check): Date | null => {
    const moment = tidy(text) === '' ? null : momentOf(tidy(text));
    if (moment !== undefined) return moment;
    check.addIssue(INVALID);
    return z.NEVER;
  })
  .nullable()
  .optional()
  .meta({
    description:
      'A time, in UTC unless it says otherwise, such as `2026-03-01T18:00:00Z`, or a date, which means its ' +
      'last millisecond in UTC. Null and the empty string mean none.',
  });

function momentOf(text: string): Date | undefined {
  if (z.regexes.date.test(text)) return validMoment(`${text}T23:59:59.999Z`);
  const { date = '', time = '', offset = 'Z' } = TIME.exec(text)?.groups ?? {};
  if (!z.regexes.date.test(date)) return undefined;
  return validMoment(`${date}T${time.slice(0, TO_MILLISECONDS)}${offset.toUpperCase()}`);
}

/** RFC 3339 has four digits for the year. */
function validMoment(text: string): Date | undefined {
  const moment = new Date(text);
  const year = moment.getUTCFullYear();
  return year >= 0 && year <= 9999 ? moment : undefined;
}

/** What a client says of the deadline: absent fields are undefined. */
export interface DeadlineInput {
  has_deadline?: boolean | undefined;
  deadline?: Date | null | undefined;
}

/** The deadline that the input asks for: null for none, undefined to leave it as it is. */
export function requestedDeadline(input: DeadlineInput): Date | null | undefined {
  return input.has_deadline === false ? null : input.deadline;
}

/** Why the deadline can't be as asked for, or null when it can. One sent back unchanged is always accepted. */
export function deadlineError(
  input: DeadlineInput,
  current: Date | null,
  now: Date,
): FieldError | null {
  const wanted = requestedDeadline(input);
  const result = wanted === undefined ? current : wanted;
  if (input.has_deadline === true && result === null) return fieldError('deadlineRequired');
  const changed = result !== null && result.getTime() !== current?.getTime();
  return changed && result <= now ? fieldError('deadlineNotInFuture') : null;
}
