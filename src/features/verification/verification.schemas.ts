import { z } from 'zod';
import { messages } from '../../core/fields.js';

/** The code that proves an address. */
export const VerificationCode = z
  .object({
    code: z
      .string({ error: messages('Not a valid string.') })
      .trim()
      .regex(/^\d{6}$/, 'The code has six digits.')
      .meta({ description: 'The six digits from the mail.', example: '123456' }),
  })
  .meta({ id: 'VerificationCode' });

/** Whether the address is proven. */
export const Verification = z.object({ email_verified: z.boolean() }).meta({ id: 'Verification' });
