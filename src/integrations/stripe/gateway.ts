import Stripe from 'stripe';
import { z } from 'zod';
import type { StripeConfig } from '../stripe.js';
import type { CheckoutRequest, PaymentGateway } from '../stripe.js';
import { readEvent } from './events.js';
import { Refund, Session, understand } from './objects.js';
import { translate } from './translate.js';

/** Milliseconds for one call, its answer included. */
const LONGEST_WAIT = 4_000;

/** Refunds of one payment that are read; a person at Stripe's dashboard makes a few. */
const MOST_REFUNDS = 1_000;

/** The way to Stripe by its own package. Connects on first use. */
export function createPaymentGateway(
  config: StripeConfig,
  longestWait = LONGEST_WAIT,
): PaymentGateway {
  const stripe = new Stripe(config.secretKey, {
    ...addressOf(config.apiBase),
    timeout: longestWait,
    maxNetworkRetries: 0,
    telemetry: false,
    // The package's other client bounds each silence and not the whole, and asks twice when cut off.
    httpClient: Stripe.createFetchHttpClient(),
  });
  const webhooks = { secret: config.webhookSecret, livemode: isLive(config.secretKey) };
  return {
    openCheckout: async (request) => {
      const said = await answerTo(
        stripe.checkout.sessions.create(sessionParams(request), {
          idempotencyKey: `dreamjar-donation-${request.donationId}-${request.madeAt.getTime()}`,
        }),
      );
      const { sessionId } = understand('new checkout', Session, said);
      return { sessionId, url: understand('new checkout', PageAddress, said).url };
    },
    findCheckout: async (sessionId) =>
      understand('checkout', Session, await answerTo(stripe.checkout.sessions.retrieve(sessionId))),
    findCheckoutOf: async (paymentIntent) => {
      const asked = { payment_intent: paymentIntent, limit: 1 };
      const { data } = await answerTo(stripe.checkout.sessions.list(asked));
      return data[0] ? understand('checkout', Session, data[0]) : null;
    },
    refund: async ({ refundId, madeAt, donationId, paymentIntent, amount }) => {
      const metadata = { refund_id: refundId, donation_id: donationId };
      const said = await answerTo(
        stripe.refunds.create(
          { payment_intent: paymentIntent, amount, metadata },
          { idempotencyKey: `dreamjar-refund-${refundId}-${madeAt.getTime()}` },
        ),
      );
      return understand('new refund', Refund, said);
    },
    listRefunds: async (paymentIntent) => {
      const pages = stripe.refunds.list({ payment_intent: paymentIntent, limit: 100 });
      const refunds = await answerTo(pages.autoPagingToArray({ limit: MOST_REFUNDS }));
      return refunds.map((one) => understand('refund', Refund, one));
    },
    readEvent: (rawBody, signature, now) => readEvent(webhooks, rawBody, signature, now),
  };
}

/** Stripe's keys begin with their kind and their mode: `sk_live_`, `rk_test_`. */
function isLive(secretKey: string): boolean | undefined {
  const mode = /^[a-z]+_(live|test)_/.exec(secretKey)?.[1];
  return mode === undefined ? undefined : mode === 'live';
}

const PageAddress = z.object({ url: z.url({ protocol: /^https?$/ }) });

function addressOf(apiBase: string | undefined): Stripe.StripeConfig {
  if (apiBase === undefined) return {};
  const { protocol, hostname, port } = new URL(apiBase);
  const scheme = protocol === 'http:' ? 'http' : 'https';
  return { protocol: scheme, host: hostname, port: port || { http: 80, https: 443 }[scheme] };
}

function sessionParams(request: CheckoutRequest): Stripe.Checkout.SessionCreateParams {
  const { donationId, amount, currency, title, email, successUrl, cancelUrl } = request;
  // The payment has it too, for a person who looks at it on Stripe's dashboard.
  const metadata = { donation_id: donationId, made_at: request.madeAt.getTime() };
  const price = { currency, unit_amount: amount, product_data: { name: title } };
  return {
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: price }],
    customer_email: email,
    metadata,
    payment_intent_data: { metadata },
    success_url: successUrl,
    cancel_url: cancelUrl,
  };
}

async function answerTo<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    throw translate(error);
  }
}
