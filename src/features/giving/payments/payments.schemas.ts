import { z } from 'zod';

/** An event as Stripe sends it. What it must be is known to who reads the signed bytes. */
export const SentEvent = z.object({}).meta({ id: 'StripeEvent' });

/** The answer to Stripe: the event needs not be sent again. */
export const Received = z.object({ received: z.literal(true) }).meta({ id: 'Received' });
