import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import type { StripeConfig } from '../../src/integrations/stripe.js';
import { createAnswering, type Fault } from './stripe/answering.js';
import { perform, type Call } from './stripe/calls.js';
import { openLedger, type Ledger } from './stripe/ledger.js';
import { now, type FakeEvent } from './stripe/objects.js';

export type { Call, Fault, FakeEvent };

/** A webhook's request as Stripe makes it. */
export interface Delivery {
  body: string;
  headers: { 'stripe-signature': string; 'content-type': string };
}

/** An account at Stripe, on loopback. Amounts are minor units. */
export interface FakeStripe {
  address: string;
  /** The settings that lead here. */
  config: StripeConfig;
  /** Its books: sessions, payments, refunds, disputes, and all events so far. */
  ledger: Ledger;
  /** What was asked of it. */
  requests: Call[];
  /** How a refund begins; `settleRefund` ends a pending one. */
  refundsBegin: 'succeeded' | 'pending';
  /** What goes wrong with the next call; several stand in line. */
  next(fault: Fault): void;
  /** Refuses connections until `back`. */
  away(): Promise<void>;
  back(): Promise<void>;

  /** A payer pays. */
  pay(sessionId: string): FakeEvent;
  /** A payer chooses a method that pays later; `settle` ends it. */
  payLater(sessionId: string): FakeEvent;
  settle(sessionId: string, ok: boolean): FakeEvent;
  expire(sessionId: string): FakeEvent;
  /** A person refunds on the dashboard: all that is left, unless an amount is said. */
  refund(paymentIntent: string, amount?: number): FakeEvent[];
  settleRefund(refundId: string, ok: boolean): FakeEvent[];
  loseDispute(paymentIntent: string, amount?: number): FakeEvent;

  /** An event as it is posted, or any text in its place; `timestamp` in seconds. */
  sign(event: object | string, as?: { timestamp?: number; secret?: string }): Delivery;
  /** Posts an event to the API at an address and gives the status of its answer. */
  deliver(event: object, apiAddress: string): Promise<number>;

  /** What came in, and what went back by refunds (those on their way too) and lost disputes. */
  paid(donationId?: number): number;
  refunded(donationId?: number): number;
  stop(): Promise<void>;
}

interface Options {
  /** 0 takes a free one. */
  port?: number;
  secretKey?: string;
  webhookSecret?: string;
}

/** Starts an account with empty books. */
export async function startStripe({
  port = 0,
  secretKey = 'sk_test_of_nobody',
  webhookSecret = 'whsec_of_nobody',
}: Options = {}): Promise<FakeStripe> {
  const ledger = openLedger();
  const faults: Fault[] = [];
  const requests: Call[] = [];
  const answer = createAnswering(secretKey, (call) => perform(ledger, call, stripe.refundsBegin));

  const server = createServer((req, res) => {
    callOf(req)
      .then((call) => {
        requests.push(call);
        return answer(call, faults.shift() ?? {}, req, res);
      })
      .catch(() => req.socket.destroy());
  });
  const listen = async (on: number) => {
    server.listen(on, '127.0.0.1');
    await once(server, 'listening');
  };
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };

  const sign: FakeStripe['sign'] = (event, { timestamp = now(), secret = webhookSecret } = {}) => {
    const body = typeof event === 'string' ? event : JSON.stringify(event, null, 2);
    const signature = Stripe.webhooks.generateTestHeaderString({
      payload: body,
      secret,
      timestamp,
    });
    return {
      body,
      headers: {
        'stripe-signature': signature,
        'content-type': 'application/json; charset=utf-8',
      },
    };
  };

  await listen(port);
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stripe: FakeStripe = {
    address,
    config: { secretKey, webhookSecret, apiBase: address },
    ledger,
    requests,
    refundsBegin: 'succeeded',
    next: (fault) => void faults.push(fault),
    away: close,
    back: () => listen(Number(new URL(address).port)),
    pay: (sessionId) => ledger.complete(sessionId, 'succeeded'),
    payLater: (sessionId) => ledger.complete(sessionId, 'processing'),
    settle: ledger.settle,
    expire: ledger.expire,
    refund: (paymentIntent, amount) =>
      ledger.refund({ payment_intent: paymentIntent, amount, metadata: {} }, stripe.refundsBegin)
        .events,
    settleRefund: ledger.settleRefund,
    loseDispute: ledger.loseDispute,
    sign,
    deliver: async (event, apiAddress) => {
      const { status, body } = await fetch(`${apiAddress}/webhooks/stripe/`, {
        method: 'POST',
        ...sign(event),
      });
      await body?.cancel();
      return status;
    },
    paid: ledger.paid,
    refunded: ledger.refunded,
    stop: close,
  };
  return stripe;
}

async function callOf(req: IncomingMessage): Promise<Call> {
  const { pathname, search } = new URL(req.url ?? '', 'http://stripe');
  let form = '';
  for await (const chunk of req.setEncoding('utf8')) form += String(chunk);
  return {
    method: req.method ?? '',
    path: pathname,
    params: Object.fromEntries(new URLSearchParams(form || search)),
    idempotencyKey: req.headers['idempotency-key'] as string | undefined,
  };
}
