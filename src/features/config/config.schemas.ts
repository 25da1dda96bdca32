import { z } from 'zod';
import { CATEGORIES } from '../fundraising/campaigns/campaigns.schemas.js';

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

/** One rule of a rate limit; a rule applies to the requests that have all that it names. */
const RateRule = z
  .object({
    max: z.int().meta({ description: 'Requests in a window.', examples: [120] }),
    seconds: z.int().meta({ description: 'How long a window is.', examples: [60] }),
    per: z.array(z.string()).meta({
      description: 'What requests are counted for, together.',
      examples: [['client address']],
    }),
    giving: z.array(z.string()).meta({
      description: 'Counted are requests whose body has one of these fields.',
      examples: [['email']],
    }),
    asking: z.string().meta({
      description: 'Counted are requests that have this query parameter.',
      examples: ['q'],
    }),
    counting: z.string().meta({
      description: 'Counted are requests that end with this code.',
      examples: ['no_active_account'],
    }),
    mailboxes: z.string().meta({
      description:
        'Counted are the different mailboxes that visitors name in this field. Beyond `max`, no receipts are mailed ' +
        'to others; nothing is refused.',
      examples: ['donor_email'],
    }),
    of: z.enum(['visitors', 'strangers']).meta({
      description:
        '`visitors`: counted are requests without a token; `strangers`: those from client addresses that the ' +
        'account did not lately sign in from.',
    }),
  })
  .partial({ giving: true, asking: true, counting: true, mailboxes: true, of: true })
  .meta({ id: 'RateRule' });

const RateLimit = z
  .object({ calls: z.string().meta({ examples: ['sign in'] }), rules: z.array(RateRule) })
  .meta({ id: 'RateLimit' });

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
      children: z.int().meta({ description: 'Of a parent.', examples: [30] }),
      campaigns: z.int().meta({ description: 'Of a child.', examples: [100] }),
      open_campaigns: z.int().meta({ description: 'Of a child at one time.', examples: [20] }),
      rates: z.record(z.string(), RateLimit).meta({
        description: 'Requests beyond them get 429. Empty where the server sets no rate limits.',
      }),
    }),
    version: z.string().meta({ examples: ['0.1.0'] }),
  })
  .meta({ id: 'Config' });

/** The limits of one field. */
export type FieldLimits = z.output<typeof FieldLimits>;
