import type { StripeEvent } from './stripe/events.js';
import type { Checkout, RefundAtStripe } from './stripe/objects.js';

export {
  ForgedEvent,
  KeyRejected,
  NotUnderstood,
  PaymentRefused,
  PaymentsAway,
  RequestChanged,
} from './stripe/errors.js';
export { idsOfEvent, type EventIds } from './stripe/event-ids.js';
export type { Checkout, RefundAtStripe, StripeEvent };

/** Our account at Stripe. */
export interface StripeConfig {
  secretKey: string;
  webhookSecret: string;
  /** Another host that speaks Stripe's API; absent: Stripe's own. */
  apiBase: string | undefined;
}

/** What a payer is asked for. Stripe learns no more than this. */
export interface CheckoutRequest {
  donationId: number;
  /** When the donation was made: another database may have had one of the same id. */
  madeAt: Date;
  /** Minor units. */
  amount: number;
  /** ISO 4217, lower case. */
  currency: string;
  title: string;
  email: string;
  successUrl: string;
  cancelUrl: string;
}

/** A refund to be carried out. */
export interface RefundRequest {
  refundId: number;
  /** When the refund was made: another database may have had one of the same id. */
  madeAt: Date;
  donationId: number;
  paymentIntent: string;
  /** Minor units. */
  amount: number;
}

/**
 * The way to Stripe. Each call is one attempt, and each may be made again: Stripe knows a donation and a
 * refund by its id and does nothing twice.
 * @throws PaymentsAway, PaymentRefused, RequestChanged, NotUnderstood, KeyRejected.
 */
export interface PaymentGateway {
  openCheckout(request: CheckoutRequest): Promise<{ sessionId: string; url: string }>;
  findCheckout(sessionId: string): Promise<Checkout>;
  /** The page by which a payment was made; null when there is none. */
  findCheckoutOf(paymentIntent: string): Promise<Checkout | null>;
  refund(request: RefundRequest): Promise<RefundAtStripe>;
  /** Newest first. */
  listRefunds(paymentIntent: string): Promise<RefundAtStripe[]>;
  /** The event in a webhook's raw body. @throws ForgedEvent, NotUnderstood. */
  readEvent(rawBody: Buffer, signature: string | undefined, now: Date): StripeEvent;
}
