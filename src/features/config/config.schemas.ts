import { z } from 'zod';
import { CATEGORIES } from '../campaigns/campaigns.schemas.js';

/** What a field takes: lengths in code points after trimming, amounts in whole units. */
const FieldLimits = z
  .object({
    min_length: z.int(),
    max_length: z.int(),
    max_bytes: z.int(),
    min: z.int(),
    max: z.int(),
  })
  .partial()
  .meta({ id: 'FieldLimits', description: 'Lengths in code points, amounts in whole units.' });

const fields = z.record(z.string(), FieldLimits);

/** What a client has to know before it asks for anything else. */
export const PublicConfig = z
  .object({
    currency: z.string().meta({ description: 'ISO 4217, in lower case.', examples: ['usd'] }),
    payments: z.enum(['pledge', 'stripe']).meta({
      description: '`pledge`: a donation counts at once; `stripe`: it is paid at Stripe first.',
    }),
    google: z.boolean().meta({ description: 'Whether sign-in by Google is set up.' }),
    categories: z.array(z.enum(CATEGORIES)),
    limits: z.object({
      parent: fields,
      child: fields,
      campaign: fields,
      donation: fields,
      page_size: z.object({ min: z.int(), max: z.int(), default: z.int() }),
    }),
    version: z.string().meta({ examples: ['0.1.0'] }),
  })
  .meta({ id: 'Config' });

/** The limits of one field. */
export type FieldLimits = z.output<typeof FieldLimits>;
