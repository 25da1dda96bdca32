import { z } from 'zod';
import { id, moment, money, optionalText } from '../../../core/fields.js';
import { paging } from '../../../http/api/paging.js';
import { LARGEST_GIFT } from '../donations/donations.schemas.js';

/** What is to go back to the donor. */
export const NewRefund = z
  .object({
    amount: money({ max: LARGEST_GIFT }).optional().meta({
      description: 'Whole units. Absent: all that is left of the donation, to the last cent.',
    }),
    reason: optionalText({ max: 200, multiline: true }),
  })
  .meta({ id: 'NewRefund', examples: [{ amount: 10, reason: 'The boots were on sale.' }] });

/** Which page of the refunds of a gift. */
export const RefundsQuery = paging(z.object({ id }));

/** What has become of a refund. */
export const REFUND_STATUSES = ['pending', 'succeeded', 'failed'] as const;

/** A refund as the owner of the campaign sees it. */
export const RefundForm = z
  .object({
    id,
    donation: id,
    amount: z.int().meta({ description: 'Rounded up to whole units.' }),
    amount_minor: z.int().meta({ description: 'To the cent, in hundredths of the currency.' }),
    status: z.enum(REFUND_STATUSES).meta({
      description:
        '`pending`: asked of Stripe; it counts as given back already. `failed`: it counts no more, unless it ' +
        'was of a payment that came too late, which is still owed to the donor.',
    }),
    reason: z.string(),
    date_created: moment,
  })
  .meta({ id: 'Refund' });
