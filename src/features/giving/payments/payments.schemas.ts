import { z } from 'zod';
import { fieldError } from '../../../core/field-errors.js';

/** An event as Stripe sends it. What it must be is known to who reads the signed bytes. */
export const SentEvent = z.object({}).meta({ id: 'StripeEvent' });

/** What opens the status of a gift to who is not signed in. */
export const StatusQuery = z.object({
  token: z.string(fieldError('notAString')).optional().meta({
    description:
      'Of the return from Stripe, or of the receipt. Not needed by the donor who is signed in.',
  }),
});

/** The answer to Stripe: the event needs not be sent again. */
export const Received = z.object({ received: z.literal(true) }).meta({ id: 'Received' });
