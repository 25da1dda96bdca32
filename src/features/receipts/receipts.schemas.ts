import { z } from 'zod';
import { id, moment } from '../../core/fields.js';

export const ReceiptQuery = z.object({
  token: z.string({ error: 'Send one token.' }).optional().meta({
    description: 'From the link in the mail. Not needed by the donor who is signed in.',
  }),
});

export const ReceiptForm = z
  .object({
    number: z.string().meta({
      description: 'Unique, and the same for ever.',
      examples: ['DJ-2026-00000042'],
    }),
    donation: id,
    amount: z.int(),
    refunded_amount: z.int().min(0).meta({
      description: 'What went back to the donor or is on its way there, rounded up to whole units.',
    }),
    currency: z.string().meta({ description: 'ISO 4217, in lower case.', examples: ['usd'] }),
    donor_name: z.string(),
    donor_email: z.string().nullable().meta({
      description: 'Null once the donor is erased, and by link where the donor has an account.',
    }),
    date_donated: moment,
    campaign: z.object({ title: z.string(), child_name: z.string().nullable() }),
  })
  .meta({ id: 'Receipt' });
