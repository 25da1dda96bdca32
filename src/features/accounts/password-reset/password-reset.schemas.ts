import { z } from 'zod';
import { email, newPassword, text } from '../../../core/fields.js';

/** Whose password was forgotten. */
export const PasswordResetRequest = z
  .object({ email })
  .meta({ id: 'PasswordResetRequest', examples: [{ email: 'anna@example.com' }] });

/** A new password, by the token of the mail. */
export const PasswordResetConfirmation = z
  .object({
    token: text({ max: 200 }).meta({ description: 'From the link in the mail.' }),
    password: newPassword,
  })
  .meta({ id: 'PasswordResetConfirmation' });
