import { z } from 'zod';
import { fieldError } from '../../../core/field-errors.js';
import { id, moment } from '../../../core/fields.js';
import { refundedAmount } from '../donations/donations.schemas.js';

/** What opens a receipt to who is not signed in. */
export const ReceiptQuery = z.object({
  token: z.string(fieldError('notAString')).optional().meta({
    description: 'From the link in the mail. Not needed by the donor who is signed in.',
  }),
});

/** A receipt, in whole currency units. */
export const ReceiptForm = z
  .object({
    number: z.string().meta({
      description: 'Unique, and the same for ever.',
      examples: ['DJ-2026-00000042'],
    }),
    donation: id,
    amount: z.int(),
    refunded_amount: refundedAmount,
    currency: z.string().meta({ description: 'ISO 4217, in lower case.', examples: ['usd'] }),
    donor_name: z.string(),
    donor_email: z.string().nullable().meta({
      description: 'Null once the donor is erased, and by link where the donor has an account.',
    }),
    date_donated: moment,
    campaign: z.object({ title: z.string(), child_name: z.string().nullable() }),
  })
  .meta({ id: 'Receipt' });
