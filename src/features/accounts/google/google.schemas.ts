import { z } from 'zod';
import { email, text } from '../../../core/fields.js';
import { codePoints, tidy } from '../../../core/text.js';

/** Code points of a first or last name. */
const LONGEST_NAME = 150;

/** Code units that may become one code point of NFC. */
const MOST_PER_CHARACTER = 8;

const CONTROL = /[\u0000-\u001F\u007F]+/gu;

/** A name as it may be stored; what is no name is none. */
const name = z.string().catch('').transform(asName);

/** ASCII before it is composed (NFC): a character that only becomes a letter there is another address. */
const address = z
  .string()
  .regex(/^[\x21-\x7E]+$/)
  .pipe(email);

/** What the provider says of a person. The address counts only if it was verified, and only in the form of ours. */
export const Claims = z
  .object({
    sub: z.string().regex(/^[\x21-\x7E]{1,255}$/),
    email: address.optional().catch(undefined),
    email_verified: z.unknown().optional(),
    given_name: name,
    family_name: name,
  })
  .transform(({ sub, given_name: firstName, family_name: lastName, ...claims }) => ({
    sub,
    verifiedEmail: claims.email_verified === true ? claims.email : undefined,
    firstName,
    lastName,
  }));

/** A person as the provider knows that person. */
export type Person = z.output<typeof Claims>;

/** Cut before it is looked at: the provider is not ours. */
function asName(given: string): string {
  const beginning = given.slice(0, LONGEST_NAME * MOST_PER_CHARACTER).toWellFormed();
  const tidied = tidy(beginning.replace(CONTROL, ' '));
  if (codePoints(tidied) <= LONGEST_NAME) return tidied;
  return tidy(Array.from(tidied).slice(0, LONGEST_NAME).join(''));
}

/** What the provider appends to the callback. What is no text, or given twice, counts as not given. */
const parameter = z.string().optional().catch(undefined);

/** What the provider sends a browser back with. */
export const Return = z.object({
  state: parameter.meta({ description: 'As it was sent out.' }),
  code: parameter.meta({ description: 'What the person agreed to.' }),
  error: parameter.meta({ description: 'Why there is no code, such as `access_denied`.' }),
});

const CODE = 'from-the-address-of-oauth-success';

/** The code from the address to which a browser was sent after signing in. */
export const ExchangeCode = z.object({ code: text({ max: 200 }).meta({ examples: [CODE] }) }).meta({
  id: 'ExchangeCode',
  examples: [{ code: CODE }],
});
