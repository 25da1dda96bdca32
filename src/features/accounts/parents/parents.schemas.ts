import { z } from 'zod';
import {
  email,
  givenPassword,
  idInPath,
  newPassword,
  optionalText,
  text,
} from '../../../core/fields.js';

/** A parent in a path: an id, or `me`. */
export const ParentPath = z.object({
  id: z.union([z.literal('me'), idInPath]).meta({ param: { example: 'me' } }),
});

const fields = {
  username: text({ min: 3, max: 150 }),
  email,
  first_name: optionalText({ max: 150 }),
  last_name: optionalText({ max: 150 }),
};

/** A parent to be registered (contract, Parents). */
export const Registration = z.object({ ...fields, password: newPassword }).meta({
  id: 'Registration',
  examples: [
    {
      username: 'ida',
      email: 'ida@example.com',
      password: 'correct horse battery',
      first_name: 'Ida',
      last_name: 'Berg',
    },
  ],
});

/** What is to change of a parent; what is absent stays. */
export const ParentChanges = z
  .object({ ...fields, password: newPassword, current_password: givenPassword })
  .partial()
  .meta({ id: 'ParentChanges', examples: [{ first_name: 'Ida', last_name: 'Sommer' }] });

/** What an account is deleted with. */
export const AccountDeletion = z
  .object({
    current_password: givenPassword.meta({
      description: 'Needed once you signed in over 15 minutes ago.',
    }),
  })
  .partial()
  .meta({ id: 'AccountDeletion', examples: [{ current_password: 'correct horse battery' }] });
