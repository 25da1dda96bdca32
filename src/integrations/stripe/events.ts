import Stripe from 'stripe';
import { z } from 'zod';
import { ForgedEvent, NotUnderstood } from './errors.js';
import {
  amount,
  currency,
  PaymentReference,
  Refund,
  Session,
  stripeId,
  understand,
  type Checkout,
  type RefundAtStripe,
} from './objects.js';

/** Seconds for which a signature holds, to both sides of its own time. */
const TOLERANCE = 300;

/** Something that happened at Stripe. Events come late, twice and in any order. */
export type StripeEvent =
  | ({ /** Stripe's, the same when it is sent again. */ id: string } & (
      CheckoutEvent | RefundsEvent | DisputeEvent
    ))
  | { type: 'other' };

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

/** How an event says whether it is for us: others are thin ones, and those of connected accounts. */
const Envelope = z.object({
  object: z.string().nullish(),
  account: z.string().nullish(),
  livemode: z.boolean().nullish(),
});

const Typed = z.object({ type: z.string() });

const Ours = z.object({ id: stripeId, data: z.object({ object: z.unknown() }) });

const RefundList = z
  .object({ data: z.array(Refund), has_more: z.literal(false) })
  .transform(({ data }) => data);

const Dispute = z.object({ id: stripeId, status: z.string(), amount, currency });

/** What webhooks are checked against. */
export interface WebhookSettings {
  secret: string;
  /** Whether our key is for real money; undefined where it doesn't tell. */
  livemode: boolean | undefined;
}

/**
 * The event in the raw body of a webhook.
 * @throws ForgedEvent when the signature is not Stripe's or not of these minutes,
 * NotUnderstood when the event concerns us in a form that we do not know.
 */
export function readEvent(
  { secret, livemode }: WebhookSettings,
  rawBody: Buffer,
  signature: string | undefined,
  now: Date,
): StripeEvent {
  verify(secret, rawBody, signature, now);
  const event = parsed(rawBody);
  if (!isForUs(understand('event', Envelope, event), livemode)) return OTHER;
  const { type } = understand('event', Typed, event);
  if (!isKnown(type)) return OTHER;
  const { id, data } = understand(type, Ours, event);
  const meaning = MEANINGS[type](type, data.object);
  return meaning.type === 'other' ? OTHER : { id, ...meaning };
}

function isForUs(
  { object, account, livemode }: z.output<typeof Envelope>,
  ours: boolean | undefined,
): boolean {
  const isThin = typeof object === 'string' && object !== 'event';
  const isOfOtherMode = ours !== undefined && typeof livemode === 'boolean' && livemode !== ours;
  return !isThin && typeof account !== 'string' && !isOfOtherMode;
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

const OTHER = { type: 'other' } as const;

type Meaning = CheckoutEvent | RefundsEvent | DisputeEvent | typeof OTHER;

/** The events that we act on, and how the object of each is read. */
const MEANINGS = {
  'checkout.session.completed': aboutCheckout('paid'),
  'checkout.session.async_payment_succeeded': aboutCheckout('paid'),
  'checkout.session.async_payment_failed': aboutCheckout('failed'),
  'checkout.session.expired': aboutCheckout('expired'),
  'charge.refunded': (type, charge) => aboutRefunds(type, charge, refundsOf(type, charge)),
  'refund.created': aboutRefund,
  'refund.updated': aboutRefund,
  'refund.failed': aboutRefund,
  'charge.refund.updated': aboutRefund,
  'charge.dispute.closed': aboutDispute,
} satisfies Record<string, (type: string, object: unknown) => Meaning>;

function isKnown(type: string): type is keyof typeof MEANINGS {
  return Object.hasOwn(MEANINGS, type);
}

function aboutCheckout(end: 'paid' | 'failed' | 'expired') {
  return (type: string, object: unknown): Meaning => {
    const { mode } = understand(type, z.object({ mode: z.string() }), object);
    if (mode !== 'payment') return OTHER;
    const { state, ...checkout } = understand(type, Session, object);
    // Only what the page itself calls paid is: it may have been completed with the money still on its way.
    return { type: end === 'paid' && state !== 'paid' ? 'awaiting' : end, ...checkout };
  };
}

function aboutRefund(type: string, object: unknown): Meaning {
  return aboutRefunds(type, object, [understand(type, Refund, object)]);
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

function aboutRefunds(type: string, object: unknown, refunds: RefundAtStripe[] | null): Meaning {
  const { payment_intent: paymentIntent } = understand(type, PaymentReference, object);
  return paymentIntent === null ? OTHER : { type: 'refunds_changed', paymentIntent, refunds };
}

function aboutDispute(type: string, object: unknown): Meaning {
  const { id, status, amount, currency } = understand(type, Dispute, object);
  const { payment_intent: paymentIntent } = understand(type, PaymentReference, object);
  if (status !== 'lost' || paymentIntent === null) return OTHER;
  return { type: 'dispute_lost', disputeId: id, paymentIntent, amount, currency };
}
