import { randomBytes } from 'node:crypto';
import Stripe from 'stripe';

/** Stripe's objects, as far as anyone here looks at them. Amounts are minor units, times seconds. */
export interface FakeSession {
  id: string;
  object: 'checkout.session';
  mode: 'payment';
  livemode: false;
  created: number;
  expires_at: number;
  status: 'open' | 'complete' | 'expired';
  payment_status: 'paid' | 'unpaid';
  amount_subtotal: number;
  amount_total: number;
  currency: string;
  customer_email: string | null;
  payment_intent: string | null;
  metadata: Record<string, string>;
  success_url: string;
  cancel_url: string | null;
  url: string | null;
}

/** A payment intent and its charge in one. */
export interface FakePayment {
  id: string;
  charge: string;
  status: 'processing' | 'succeeded' | 'failed';
  amount: number;
  currency: string;
  email: string | null;
  metadata: Record<string, string>;
}

export interface FakeRefund {
  id: string;
  object: 'refund';
  created: number;
  amount: number;
  currency: string;
  charge: string;
  payment_intent: string;
  metadata: Record<string, string>;
  reason: null;
  status: 'pending' | 'succeeded' | 'failed';
}

export interface FakeDispute {
  id: string;
  object: 'dispute';
  created: number;
  amount: number;
  currency: string;
  charge: string;
  payment_intent: string;
  reason: 'fraudulent';
  status: 'lost';
}

/** What Stripe posts to a webhook. */
export interface FakeEvent {
  id: string;
  object: 'event';
  api_version: string;
  created: number;
  livemode: false;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null };
  type: string;
  data: { object: object };
}

/** An event about an object, frozen as it is now. */
export function eventOf(type: string, object: object): FakeEvent {
  return {
    id: newId('evt'),
    object: 'event',
    api_version: Stripe.API_VERSION,
    created: now(),
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    data: { object: structuredClone(object) },
  };
}

export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

/** Seconds. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}
