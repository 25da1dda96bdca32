import { z } from 'zod';
import { email, newPassword, text } from '../../core/fields.js';

export const PasswordResetRequest = z
  .object({ email })
  .meta({ id: 'PasswordResetRequest', examples: [{ email: 'anna@example.com' }] });

export const PasswordResetConfirmation = z
  .object({
    token: text({ max: 200 }).meta({ description: 'From the link in the mail.' }),
    password: newPassword,
  })
  .meta({ id: 'PasswordResetConfirmation' });
