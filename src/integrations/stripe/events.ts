import Stripe from 'stripe';
import { z } from 'zod';
import { ForgedEvent, NotUnderstood } from './errors.js';
import {
  PaymentReference,
  Refund,
  Session,
  understand,
  type Checkout,
  type RefundAtStripe,
} from './objects.js';

/** Seconds for which a signature holds, to both sides of its own time. */
const TOLERANCE = 300;

/** Something that happened at Stripe. Events come late, twice and in any order. */
export type StripeEvent = { /** Stripe's, the same when it is sent again. */ id: string } & (
  CheckoutEvent | RefundsEvent | DisputeEvent | { type: 'other' }
);

/** `awaiting`: the payer is through and the money is still on its way; `paid` or `failed` follows. */
type CheckoutEvent = { type: 'paid' | 'awaiting' | 'failed' | 'expired' } & Omit<Checkout, 'state'>;

interface RefundsEvent {
  type: 'refunds_changed';
  paymentIntent: string;
  /** Those that the event tells of; null when it tells of none and `listRefunds` must be asked. */
  refunds: RefundAtStripe[] | null;
}

interface DisputeEvent {
  type: 'dispute_lost';
  disputeId: string;
  paymentIntent: string;
  /** Minor units. */
  amount: number;
  currency: string;
}

const Envelope = z.object({
  id: z.string().min(1).max(255),
  type: z.string(),
  data: z.object({ object: z.unknown() }),
});

const RefundList = z
  .object({ data: z.array(Refund), has_more: z.literal(false) })
  .transform(({ data }) => data);

const Dispute = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.int(),
  currency: z.string(),
});

/**
 * The event in the raw body of a webhook.
 * @throws ForgedEvent when the signature is not Stripe's or not of these minutes,
 * NotUnderstood when the event concerns us in a form that we do not know.
 */
export function readEvent(
  webhookSecret: string,
  rawBody: Buffer,
  signature: string | undefined,
  now: Date,
): StripeEvent {
  verify(webhookSecret, rawBody, signature, now);
  const { id, type, data } = understand('event', Envelope, parsed(rawBody));
  return { id, ...meaningOf(type, data.object) };
}

function verify(secret: string, rawBody: Buffer, signature = '', now: Date): void {
  if (timestampOf(signature) > Math.floor(now.getTime() / 1000) + TOLERANCE) {
    throw new ForgedEvent('The signature is from the future.');
  }
  const [tolerance, crypto, receivedAt] = [TOLERANCE, undefined, now.getTime()];
  try {
    const verifier = Stripe.webhooks.signature!;
    verifier.verifyHeader(rawBody, signature, secret, tolerance, crypto, receivedAt);
  } catch {
    // Odd signatures make the package stumble rather than refuse.
    throw new ForgedEvent("The signature is not Stripe's, or too old.");
  }
}

function parsed(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString());
  } catch {
    // The parser's words quote the body.
    throw new NotUnderstood('event');
  }
}

/** Seconds. The package refuses what is too old and leaves the future to us. */
function timestampOf(signature: string): number {
  const stamps = signature.split(',').filter((part) => part.startsWith('t='));
  const seconds = /^t=(\d{1,12})$/.exec(stamps[0] ?? '')?.[1];
  if (stamps.length !== 1 || seconds === undefined) {
    throw new ForgedEvent('The signature does not tell its time.');
  }
  return Number(seconds);
}

function meaningOf(type: string, object: unknown) {
  switch (type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
    case 'checkout.session.async_payment_failed':
    case 'checkout.session.expired':
      return aboutCheckout(type, object);
    case 'charge.refunded':
      return aboutRefunds(type, object, refundsOf(type, object));
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.refund.updated':
      return aboutRefunds(type, object, [understand(type, Refund, object)]);
    case 'charge.dispute.closed':
      return aboutDispute(type, object);
    default:
      return OTHER;
  }
}

const OTHER = { type: 'other' } as const;

const MEANING = {
  'checkout.session.async_payment_succeeded': 'paid',
  'checkout.session.async_payment_failed': 'failed',
  'checkout.session.expired': 'expired',
} as const;

function aboutCheckout(
  type: keyof typeof MEANING | 'checkout.session.completed',
  object: unknown,
): CheckoutEvent | typeof OTHER {
  const { mode } = understand(type, z.object({ mode: z.string() }), object);
  if (mode !== 'payment') return OTHER;
  const { state, ...checkout } = understand(type, Session, object);
  if (type !== 'checkout.session.completed') return { type: MEANING[type], ...checkout };
  return { type: state === 'paid' ? 'paid' : 'awaiting', ...checkout };
}

function refundsOf(type: string, charge: unknown): RefundAtStripe[] | null {
  // Versions since 2022-11-15 leave the list out; earlier ones cut it after ten.
  const { refunds } = understand(
    type,
    z.object({ refunds: RefundList.nullable().catch(null) }),
    charge,
  );
  return refunds;
}

function aboutRefunds(
  type: string,
  object: unknown,
  refunds: RefundAtStripe[] | null,
): RefundsEvent | typeof OTHER {
  const { payment_intent: paymentIntent } = understand(type, PaymentReference, object);
  return paymentIntent === null ? OTHER : { type: 'refunds_changed', paymentIntent, refunds };
}

function aboutDispute(type: string, object: unknown): DisputeEvent | typeof OTHER {
  const { id, status, amount, currency } = understand(type, Dispute, object);
  const { payment_intent: paymentIntent } = understand(type, PaymentReference, object);
  if (status !== 'lost' || paymentIntent === null) return OTHER;
  return { type: 'dispute_lost', disputeId: id, paymentIntent, amount, currency };
}
