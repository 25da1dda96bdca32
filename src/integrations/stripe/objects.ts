import { z } from 'zod';
import { idInPath } from '../../core/fields.js';
import { NotUnderstood } from './errors.js';

/** A payment page at Stripe and what became of it. */
export interface Checkout {
  sessionId: string;
  /** Null when the page is not one of ours. */
  donationId: number | null;
  /** When its donation was made, as we said ourselves; null when the page is not one of ours. */
  madeAt: Date | null;
  /** `unpaid`: the payer is through with the page, and the money has not come, or not yet. */
  state: 'open' | 'paid' | 'unpaid' | 'expired';
  /** Minor units. */
  amount: number;
  currency: string;
  /** Null until the payer is through with the page. */
  paymentIntent: string | null;
}

/** A refund as Stripe has it. */
export interface RefundAtStripe {
  id: string;
  /** Null when it began elsewhere, such as on Stripe's dashboard. */
  ourId: number | null;
  /** Minor units. */
  amount: number;
  /** Null where Stripe left it out. */
  currency: string | null;
  status: 'pending' | 'succeeded' | 'failed';
}

/** An id of ours, given along. Metadata may be anybody's and hold anything: then it names nothing of ours. */
const ourId = idInPath.nullable();

/** Milliseconds since the epoch, as we gave them along. */
const ourMoment = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform((text) => new Date(Number(text)))
  .nullable()
  .catch(null);

/** An id of Stripe's, as it is stored and logged: nothing else may pass for one. */
export const stripeId = z.string().regex(/^[\w-]{1,255}$/);

/** ISO 4217, in lower case. */
export const currency = z.string().regex(/^[a-z]{3}$/);

/** Minor units: Stripe's own bound is eight digits, a few currencies have more. */
export const amount = z.int().min(1).max(999_999_999_999);

/** Stripe gives the id of another object, or the object itself. */
const reference = z
  .union([stripeId, z.object({ id: stripeId }).transform(({ id }) => id)])
  .nullable();

/** What of a dispute or a charge names the payment. */
export const PaymentReference = z.object({ payment_intent: reference });

/** A checkout session, in our words; the amount in the currency's minor units. */
export const Session = z
  .object({
    id: stripeId,
    status: z.enum(['open', 'complete', 'expired']),
    payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
    amount_total: z.int(),
    currency,
    payment_intent: reference,
    metadata: z
      .object({ donation_id: ourId, made_at: ourMoment })
      .catch({ donation_id: null, made_at: null }),
  })
  .transform((session): Checkout => {
    const { status, payment_status: payment } = session;
    const ended = payment === 'paid' ? 'paid' : 'unpaid';
    return {
      sessionId: session.id,
      donationId: session.metadata.donation_id,
      madeAt: session.metadata.made_at,
      state: status === 'complete' ? ended : status,
      amount: session.amount_total,
      currency: session.currency,
      paymentIntent: session.payment_intent,
    };
  });

const STATUS = {
  pending: 'pending',
  requires_action: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'failed',
} as const;

/** A refund, in our words; the amount in the currency's minor units. */
export const Refund = z
  .object({
    id: stripeId,
    amount,
    currency: currency.nullish(),
    status: z.enum(Object.keys(STATUS) as (keyof typeof STATUS)[]).nullable(),
    metadata: z.object({ refund_id: ourId }).catch({ refund_id: null }),
  })
  .transform(({ id, amount, currency, status, metadata }): RefundAtStripe => ({
    id,
    ourId: metadata.refund_id,
    amount,
    currency: currency ?? null,
    status: STATUS[status ?? 'pending'],
  }));

/** Reads what Stripe said. @throws NotUnderstood that names `what` and the fields at fault. */
export function understand<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  said: unknown,
): z.output<Schema> {
  const { success, data, error } = schema.safeParse(said);
  if (!success) throw new NotUnderstood(what, error);
  return data;
}
