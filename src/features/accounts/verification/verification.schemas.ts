import { z } from 'zod';
import { fieldError } from '../../../core/field-errors.js';
import { messages } from '../../../core/fields.js';
import { readTypedCode } from '../../../core/one-time-secrets.js';

/** Characters: eight, and what people put in between. */
const LONGEST = 40;

const MALFORMED = fieldError('notACode');

/** The code that proves an address. */
export const VerificationCode = z
  .object({
    code: z
      .string({ error: messages(fieldError('notAString')) })
      .max(LONGEST, { error: MALFORMED, abort: true })
      .transform((typed, problems) => {
        const code = readTypedCode(typed);
        if (code === undefined) problems.addIssue(MALFORMED);
        return code ?? '';
      })
      .meta({
        description:
          'The eight letters and digits from the mail. Case, hyphens and blanks do not matter; O counts as 0, I and ' +
          'L as 1.',
        override: { type: 'string', maxLength: LONGEST, example: '7Q4D0XKM' },
      }),
  })
  .meta({ id: 'VerificationCode' });

/** Whether the address is proven. */
export const Verification = z.object({ email_verified: z.boolean() }).meta({ id: 'Verification' });
