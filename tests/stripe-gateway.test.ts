import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ForgedEvent,
  NotUnderstood,
  PaymentRefused,
  PaymentsAway,
  RequestChanged,
  type CheckoutRequest,
  type PaymentGateway,
} from '../src/integrations/stripe.js';
import { createPaymentGateway } from '../src/integrations/stripe/gateway.js';
import { startStripe, type FakeStripe } from './support/stripe.js';

const MADE_AT = new Date(1_790_000_000_123);

const CHECKOUT: CheckoutRequest = {
  donationId: 7,
  madeAt: MADE_AT,
  amount: 2_500,
  currency: 'usd',
  title: 'A cello for Mia & Ben',
  email: 'pat@example.org',
  successUrl: 'https://app.example/thanks?donation=7',
  cancelUrl: 'https://app.example/campaigns/3',
};

let stripe: FakeStripe;
let gateway: PaymentGateway;

beforeEach(async () => {
  stripe = await startStripe();
  gateway = createPaymentGateway(stripe.config);
});
afterEach(() => stripe.stop());

/** A payment of 25.00 for donation 7: its id. */
async function paid(): Promise<string> {
  const { sessionId } = await gateway.openCheckout(CHECKOUT);
  stripe.pay(sessionId);
  return stripe.ledger.sessions.get(sessionId)!.payment_intent!;
}

/** What a call fails with. */
async function failureOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => expect.unreachable('the call did not fail'),
    (error: unknown) => error as Error,
  );
}

describe('a checkout', () => {
  test('tells Stripe what it needs, and nothing else', async () => {
    const { sessionId, url } = await gateway.openCheckout(CHECKOUT);
    expect(url).toBe(stripe.ledger.sessions.get(sessionId)!.url);
    expect(stripe.requests).toEqual([
      {
        method: 'POST',
        path: '/v1/checkout/sessions',
        idempotencyKey: 'dreamjar-donation-7-1790000000123',
        params: {
          mode: 'payment',
          'line_items[0][quantity]': '1',
          'line_items[0][price_data][currency]': 'usd',
          'line_items[0][price_data][unit_amount]': '2500',
          'line_items[0][price_data][product_data][name]': 'A cello for Mia & Ben',
          customer_email: 'pat@example.org',
          'metadata[donation_id]': '7',
          'metadata[made_at]': String(MADE_AT.getTime()),
          'payment_intent_data[metadata][donation_id]': '7',
          'payment_intent_data[metadata][made_at]': String(MADE_AT.getTime()),
          success_url: 'https://app.example/thanks?donation=7',
          cancel_url: 'https://app.example/campaigns/3',
        },
      },
    ]);
  });

  test('is found as it stands', async () => {
    const { sessionId } = await gateway.openCheckout(CHECKOUT);
    const open = {
      sessionId,
      donationId: 7,
      madeAt: MADE_AT,
      state: 'open',
      amount: 2_500,
      currency: 'usd',
      paymentIntent: null,
    };
    expect(await gateway.findCheckout(sessionId)).toEqual(open);
    stripe.payLater(sessionId);
    const paymentIntent = stripe.ledger.sessions.get(sessionId)!.payment_intent;
    expect(paymentIntent).toMatch(/^pi_/);
    expect(await gateway.findCheckout(sessionId)).toEqual({
      ...open,
      state: 'unpaid',
      paymentIntent,
    });
    stripe.settle(sessionId, true);
    expect(await gateway.findCheckout(sessionId)).toEqual({
      ...open,
      state: 'paid',
      paymentIntent,
    });
  });

  test('is found expired', async () => {
    const { sessionId } = await gateway.openCheckout(CHECKOUT);
    stripe.expire(sessionId);
    expect(await gateway.findCheckout(sessionId)).toMatchObject({ state: 'expired' });
  });

  test.each([{}, { donation_id: 'x7' }, { donation_id: '0' }, { donation_id: '99999999999' }])(
    'of somebody else (%o) is not taken for ours',
    async (metadata) => {
      const { sessionId } = await gateway.openCheckout(CHECKOUT);
      stripe.ledger.sessions.get(sessionId)!.metadata = metadata;
      expect(await gateway.findCheckout(sessionId)).toMatchObject({ donationId: null });
    },
  );

  test('is found by its payment, which may have none', async () => {
    await gateway.openCheckout({ ...CHECKOUT, donationId: 8 });
    const paymentIntent = await paid();
    expect(await gateway.findCheckoutOf(paymentIntent)).toMatchObject({
      donationId: 7,
      state: 'paid',
      paymentIntent,
    });
    expect(await gateway.findCheckoutOf('pi_none')).toBeNull();
  });

  test('that Stripe does not know is refused', async () => {
    const failure = await failureOf(gateway.findCheckout('cs_test_none'));
    expect(failure).toBeInstanceOf(PaymentRefused);
    expect(failure).toMatchObject({ code: 'resource_missing' });
  });
});

describe('a call that is made again', () => {
  test('for an id that another database had before is another call', async () => {
    const { sessionId } = await gateway.openCheckout(CHECKOUT);
    const later = await gateway.openCheckout({
      ...CHECKOUT,
      madeAt: new Date(MADE_AT.getTime() + 1),
    });
    expect(later.sessionId).not.toBe(sessionId);
  });

  test('after its answer was lost opens no second checkout', async () => {
    stripe.next({ drop: true });
    expect(await failureOf(gateway.openCheckout(CHECKOUT))).toBeInstanceOf(PaymentsAway);
    expect(stripe.requests).toHaveLength(1);
    const { sessionId } = await gateway.openCheckout(CHECKOUT);
    expect([...stripe.ledger.sessions.keys()]).toEqual([sessionId]);
  });

  test('after its answer was lost refunds nothing twice', async () => {
    const paymentIntent = await paid();
    const request = { refundId: 4, madeAt: MADE_AT, donationId: 7, paymentIntent, amount: 1_000 };
    stripe.next({ drop: true });
    expect(await failureOf(gateway.refund(request))).toBeInstanceOf(PaymentsAway);
    const { id } = await gateway.refund(request);
    expect([...stripe.ledger.refunds.keys()]).toEqual([id]);
    expect(stripe.refunded(7)).toBe(1_000);
  });

  test.each([{ status: 500 }, { status: 500, done: true }] as const)(
    'after a failure inside Stripe (%o) succeeds',
    async (fault) => {
      stripe.next(fault);
      expect(await failureOf(gateway.openCheckout(CHECKOUT))).toBeInstanceOf(PaymentsAway);
      const { sessionId } = await gateway.openCheckout(CHECKOUT);
      expect([...stripe.ledger.sessions.keys()]).toEqual([sessionId]);
    },
  );

  test('meets the same failure when Stripe stands by it', async () => {
    stripe.next({ status: 500, kept: true });
    expect(await failureOf(gateway.openCheckout(CHECKOUT))).toBeInstanceOf(PaymentsAway);
    expect(await failureOf(gateway.openCheckout(CHECKOUT))).toBeInstanceOf(PaymentsAway);
    expect(stripe.ledger.sessions.size).toBe(0);
  });

  test('while the first is in flight finds Stripe busy', async () => {
    let letGo = (): void => undefined;
    stripe.next({ delay: new Promise<void>((resolve) => (letGo = resolve)) });
    const first = gateway.openCheckout(CHECKOUT);
    await expect.poll(() => stripe.ledger.sessions.size).toBe(1);
    expect(await failureOf(gateway.openCheckout(CHECKOUT))).toBeInstanceOf(PaymentsAway);
    letGo();
    expect(await first).toEqual(await gateway.openCheckout(CHECKOUT));
  });

  test('with other parameters is told apart', async () => {
    await gateway.openCheckout(CHECKOUT);
    const changed = await failureOf(gateway.openCheckout({ ...CHECKOUT, amount: 2_600 }));
    expect(changed).toBeInstanceOf(RequestChanged);
    expect(stripe.ledger.sessions.size).toBe(1);
  });
});

describe('Stripe is away', () => {
  test('while it refuses connections, until it is back', async () => {
    await stripe.away();
    expect(await failureOf(gateway.openCheckout(CHECKOUT))).toBeInstanceOf(PaymentsAway);
    await stripe.back();
    await gateway.openCheckout(CHECKOUT);
    expect(stripe.ledger.sessions.size).toBe(1);
  });

  test('when its answer takes too long', async () => {
    const hurried = createPaymentGateway(stripe.config, 100);
    stripe.next({ delay: new Promise(() => undefined) });
    expect(await failureOf(hurried.openCheckout(CHECKOUT))).toBeInstanceOf(PaymentsAway);
    expect(stripe.requests).toHaveLength(1);
  });

  test.each([429, 500, 502, 503])('when it answers %i', async (status) => {
    stripe.next({ status });
    const failure = await failureOf(gateway.findCheckout('cs_test_any'));
    expect(failure).toBeInstanceOf(PaymentsAway);
    expect(stripe.requests).toHaveLength(1);
  });

  test('but not when it does not accept our key: that is for a person to mend', async () => {
    const stranger = createPaymentGateway({ ...stripe.config, secretKey: 'sk_test_of_another' });
    const failure = await failureOf(stranger.openCheckout(CHECKOUT));
    expect(failure).not.toBeInstanceOf(PaymentsAway);
    expect(failure.message).toContain('does not accept our key');
    expect(stripe.ledger.sessions.size).toBe(0);
  });

  test.each([
    ['away', { status: 500 }],
    ['refusing', { status: 400 }],
    ['refusing a card', { status: 402 }],
    ['forbidding', { status: 403 }],
  ] as const)('%s, its words stay out of our errors', async (_how, fault) => {
    stripe.next(fault);
    const failure = await failureOf(gateway.openCheckout(CHECKOUT));
    expect(failure.message).not.toContain('pat@example.org');
    expect(JSON.stringify(failure)).not.toContain('pat@example.org');
    expect(failure.cause).toBeUndefined();
    expect(failure.stack).not.toContain('pat@example.org');
  });
});

describe('a refund', () => {
  test('tells Stripe what it needs, and nothing else', async () => {
    const paymentIntent = await paid();
    const refund = await gateway.refund({
      refundId: 4,
      madeAt: MADE_AT,
      donationId: 7,
      paymentIntent,
      amount: 1_000,
    });
    expect(refund).toEqual({
      id: expect.stringMatching(/^re_/) as string,
      ourId: 4,
      amount: 1_000,
      currency: 'usd',
      status: 'succeeded',
    });
    expect(stripe.requests.at(-1)).toEqual({
      method: 'POST',
      path: '/v1/refunds',
      idempotencyKey: 'dreamjar-refund-4-1790000000123',
      params: {
        payment_intent: paymentIntent,
        amount: '1000',
        'metadata[refund_id]': '4',
        'metadata[donation_id]': '7',
      },
    });
  });

  test.each([
    ['pending', 'pending'],
    ['requires_action', 'pending'],
    [null, 'pending'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['canceled', 'failed'],
  ])('that is %s at Stripe is %s to us', async (theirs, ours) => {
    const paymentIntent = await paid();
    stripe.refund(paymentIntent, 100);
    const [one] = stripe.ledger.refunds.values();
    Object.assign(one!, { status: theirs });
    expect(await gateway.listRefunds(paymentIntent)).toMatchObject([{ status: ours }]);
  });

  test('above what is left is refused, with a code of its own when nothing is left', async () => {
    const paymentIntent = await paid();
    const request = { refundId: 4, madeAt: MADE_AT, donationId: 7, paymentIntent, amount: 2_501 };
    const tooMuch = await failureOf(gateway.refund(request));
    expect(tooMuch).toBeInstanceOf(PaymentRefused);
    expect(tooMuch).toMatchObject({ code: 'invalid_request_error' });
    stripe.refund(paymentIntent);
    const nothingLeft = await failureOf(gateway.refund({ ...request, refundId: 5, amount: 1 }));
    expect(nothingLeft).toMatchObject({ name: 'PaymentRefused', code: 'charge_already_refunded' });
    expect(stripe.refunded()).toBe(2_500);
  });

  test('is listed with those of the dashboard, newest first, over all pages', async () => {
    const paymentIntent = await paid();
    for (let i = 0; i < 101; i++) stripe.refund(paymentIntent, 1);
    const { id } = await gateway.refund({
      refundId: 4,
      madeAt: MADE_AT,
      donationId: 7,
      paymentIntent,
      amount: 9,
    });
    const listed = await gateway.listRefunds(paymentIntent);
    expect(listed).toHaveLength(102);
    expect(listed[0]).toEqual({ id, ourId: 4, amount: 9, currency: 'usd', status: 'succeeded' });
    expect(listed.slice(1).every(({ ourId, amount }) => ourId === null && amount === 1)).toBe(true);
    expect(new Set(listed.map((one) => one.id)).size).toBe(102);
  });

  test('of another payment is not listed', async () => {
    const paymentIntent = await paid();
    const other = await gateway.openCheckout({ ...CHECKOUT, donationId: 8 });
    stripe.pay(other.sessionId);
    stripe.refund(stripe.ledger.sessions.get(other.sessionId)!.payment_intent!);
    expect(await gateway.listRefunds(paymentIntent)).toEqual([]);
  });
});

describe('a signature', () => {
  const SIGNED_AT = 1_790_000_000;
  const EVENT = { id: 'evt_1', object: 'event', type: 'customer.created', data: { object: {} } };

  const read = (body: string | Buffer, signature: string | undefined, secondsLater = 0) =>
    gateway.readEvent(Buffer.from(body), signature, new Date((SIGNED_AT + secondsLater) * 1000));
  const signed = (secret?: string) => {
    const { body, headers } = stripe.sign(EVENT, {
      timestamp: SIGNED_AT,
      ...(secret !== undefined && { secret }),
    });
    return { body, signature: headers['stripe-signature'] };
  };

  test.each([0, 299, 300, -299, -300])('is good %i seconds after its time', (seconds) => {
    const { body, signature } = signed();
    expect(read(body, signature, seconds)).toEqual({ type: 'other' });
  });

  test.each([301, 86_400, -301, -86_400])('is refused %i seconds after its time', (seconds) => {
    const { body, signature } = signed();
    expect(() => read(body, signature, seconds)).toThrow(ForgedEvent);
  });

  test('is good when one of several is right', () => {
    const { body, signature } = signed();
    const right = signature.split(',v1=')[1]!;
    const wrong = '0'.repeat(64);
    const header = `t=${SIGNED_AT},v1=${wrong},v0=${wrong},v1=${right},v1=${wrong}`;
    expect(read(body, header)).toEqual({ type: 'other' });
  });

  test('with another secret is refused', () => {
    const { body, signature } = signed('whsec_of_another');
    expect(() => read(body, signature)).toThrow(ForgedEvent);
  });

  test('does not cover a body that differs by one byte, anywhere', () => {
    const { body, signature } = signed();
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body);
      changed[at]! ^= 1;
      expect(() => read(changed, signature), `byte ${at}`).toThrow(ForgedEvent);
    }
    for (const changed of [`${body}\n`, ` ${body}`, body.slice(0, -1), '']) {
      expect(() => read(changed, signature)).toThrow(ForgedEvent);
    }
  });

  test('does not cover another time', () => {
    const { body, signature } = signed();
    expect(() => read(body, signature.replace(`${SIGNED_AT}`, `${SIGNED_AT + 1}`))).toThrow(
      ForgedEvent,
    );
  });

  test.each<[string, (right: string) => string | undefined]>([
    ['missing', () => undefined],
    ['empty', () => ''],
    ['garbage', () => 'garbage'],
    ['only commas', () => ',,,='],
    ['only a time', () => `t=${SIGNED_AT}`],
    ['without a time', (right) => `v1=${right}`],
    ['with a time that is no number', (right) => `t=now,v1=${right}`],
    ['with two times', (right) => `t=${SIGNED_AT},v1=${right},t=${SIGNED_AT}`],
    ['of the old scheme only', (right) => `t=${SIGNED_AT},v0=${right}`],
    ['cut short', (right) => `t=${SIGNED_AT},v1=${right.slice(0, -1)}`],
    ['in capitals', (right) => `t=${SIGNED_AT},v1=${right.toUpperCase()}`],
    ['empty after its scheme', () => `t=${SIGNED_AT},v1=`],
    ['not of this alphabet', () => `t=${SIGNED_AT},v1=${'é'.repeat(64)}`],
  ])('that is %s is refused', (_how, header) => {
    const { body, signature } = signed();
    expect(() => read(body, header(signature.split(',v1=')[1]!))).toThrow(ForgedEvent);
  });
});

describe('an event', () => {
  /** Reads an event as if it had just come. */
  const read = (event: object | string) => {
    const { body, headers } = stripe.sign(event);
    return gateway.readEvent(Buffer.from(body), headers['stripe-signature'], new Date());
  };
  const checkout = async () => {
    const { sessionId } = await gateway.openCheckout(CHECKOUT);
    return { sessionId, donationId: 7, madeAt: MADE_AT, amount: 2_500, currency: 'usd' };
  };
  const paymentOf = (sessionId: string) => stripe.ledger.sessions.get(sessionId)!.payment_intent;

  test('tells that a gift is paid', async () => {
    const about = await checkout();
    const event = stripe.pay(about.sessionId);
    const paymentIntent = paymentOf(about.sessionId);
    expect(read(event)).toEqual({ id: event.id, type: 'paid', ...about, paymentIntent });
  });

  test.each([
    [true, 'paid'],
    [false, 'failed'],
  ] as const)('tells that a gift is awaited, and how it ended (%s)', async (ok, end) => {
    const about = await checkout();
    const begun = stripe.payLater(about.sessionId);
    const paymentIntent = paymentOf(about.sessionId);
    expect(read(begun)).toEqual({ id: begun.id, type: 'awaiting', ...about, paymentIntent });
    const ended = stripe.settle(about.sessionId, ok);
    expect(read(ended)).toEqual({ id: ended.id, type: end, ...about, paymentIntent });
  });

  test('tells that a checkout has expired', async () => {
    const about = await checkout();
    const event = stripe.expire(about.sessionId);
    expect(read(event)).toEqual({ id: event.id, type: 'expired', ...about, paymentIntent: null });
  });

  test("of somebody else's checkout names no gift", async () => {
    const about = await checkout();
    stripe.ledger.sessions.get(about.sessionId)!.metadata = { order: '7' };
    expect(read(stripe.pay(about.sessionId))).toMatchObject({ type: 'paid', donationId: null });
    const event = stripe.ledger.events.at(-1)!;
    Object.assign(event.data.object, { metadata: null });
    expect(read(event)).toMatchObject({ type: 'paid', donationId: null });
  });

  test('of a checkout that takes no payment concerns nobody', async () => {
    const about = await checkout();
    const event = stripe.expire(about.sessionId);
    Object.assign(event.data.object, { mode: 'setup', amount_total: null, currency: null });
    expect(read(event)).toEqual({ type: 'other' });
  });

  test('tells that refunds have changed, one by one or as far as it knows', async () => {
    const paymentIntent = await paid();
    stripe.refundsBegin = 'pending';
    const [created, refunded] = stripe.refund(paymentIntent, 500);
    const [refund] = stripe.ledger.refunds.values();
    const changed = { type: 'refunds_changed', paymentIntent };
    const known = { id: refund!.id, ourId: null, amount: 500, currency: 'usd' };
    const asPending = { ...known, status: 'pending' };
    expect(read(created!)).toEqual({ id: created!.id, ...changed, refunds: [asPending] });
    expect(read(refunded!)).toEqual({ id: refunded!.id, ...changed, refunds: null });
    for (const event of stripe.settleRefund(refund!.id, false)) {
      const failed = { ...asPending, status: 'failed' };
      expect(read(event), event.type).toEqual({ id: event.id, ...changed, refunds: [failed] });
    }
    expect(stripe.ledger.events.map(({ type }) => type)).toEqual([
      'checkout.session.completed',
      'refund.created',
      'charge.refunded',
      'refund.updated',
      'charge.refund.updated',
      'refund.failed',
    ]);
  });

  test.each([
    [false, [{ ourId: 4, amount: 500, currency: 'usd', status: 'succeeded' }]],
    [true, null],
  ])('of a charge with a list of refunds (more elsewhere: %s) is read', async (more, refunds) => {
    const paymentIntent = await paid();
    await gateway.refund({
      refundId: 4,
      madeAt: MADE_AT,
      donationId: 7,
      paymentIntent,
      amount: 500,
    });
    const event = stripe.ledger.events.at(-1)!;
    const list = { object: 'list', data: [...stripe.ledger.refunds.values()], has_more: more };
    Object.assign(event.data.object, { refunds: list });
    expect(read(event)).toMatchObject({ type: 'refunds_changed', paymentIntent, refunds });
  });

  test('tells that a dispute is lost, and not when it is won', async () => {
    const paymentIntent = await paid();
    const event = stripe.loseDispute(paymentIntent, 2_000);
    const [dispute] = stripe.ledger.disputes.values();
    expect(read(event)).toEqual({
      id: event.id,
      type: 'dispute_lost',
      disputeId: dispute!.id,
      paymentIntent,
      amount: 2_000,
      currency: 'usd',
    });
    Object.assign(event.data.object, { status: 'won' });
    expect(read(event)).toEqual({ type: 'other' });
  });

  test.each(['refund', 'dispute'] as const)(
    'of a %s names its payment when Stripe sends all of it, or none',
    async (kind) => {
      const paymentIntent = await paid();
      const event =
        kind === 'refund' ? stripe.refund(paymentIntent)[0]! : stripe.loseDispute(paymentIntent);
      Object.assign(event.data.object, { payment_intent: { id: paymentIntent, object: 'x' } });
      expect(read(event)).toMatchObject({ paymentIntent });
      Object.assign(event.data.object, { payment_intent: null });
      expect(read(event)).toEqual({ type: 'other' });
    },
  );

  test('of a kind that nobody here knows is left alone', () => {
    const event = { id: 'evt_9', type: 'moon.landed', data: { object: 'anything' } };
    expect(read(event)).toEqual({ type: 'other' });
  });

  test('in a form that is not known says where, and quotes nothing', async () => {
    const about = await checkout();
    const event = stripe.pay(about.sessionId);
    Object.assign(event.data.object, { amount_total: 'pat@example.org', status: 'pat' });
    expect(() => read(event)).toThrow(NotUnderstood);
    expect(() => read(event)).toThrow(
      "Stripe's checkout.session.completed was not understood (status amount_total).",
    );
  });

  test.each([
    { object: 'v2.core.event' },
    { object: 'v2.core.event', id: 'evt_1', type: 'checkout.session.completed', data: null },
    { object: 'event', account: 'acct_1', type: 'checkout.session.completed' },
    { object: 'event', livemode: true, type: 'checkout.session.completed' },
    { object: 'event', type: 'customer.created' },
  ])('that is not for us is left alone: %j', (event) => {
    expect(read(event)).toEqual({ type: 'other' });
  });

  test('of test mode is left alone where our key is for real money', () => {
    const live = createPaymentGateway({ ...stripe.config, secretKey: 'rk_live_of_nobody' });
    const { body, headers } = stripe.sign({ livemode: false, type: 'checkout.session.completed' });
    const reading = live.readEvent(Buffer.from(body), headers['stripe-signature'], new Date());
    expect(reading).toEqual({ type: 'other' });
  });

  test.each(['pat@example.org', '[]', 'null', '{"id":"evt_1"}', '{"object":7}'])(
    'that is signed and none (%s) is not taken for a forged one',
    (body) => {
      const reading = () => read(body);
      expect(reading).toThrow(NotUnderstood);
      expect(reading).not.toThrow('pat@example.org');
    },
  );
});

describe("the fake's books", () => {
  test('count what came in and went back, for one gift and for all', async () => {
    const paymentIntent = await paid();
    const later = await gateway.openCheckout({ ...CHECKOUT, donationId: 8, amount: 900 });
    stripe.payLater(later.sessionId);
    expect([stripe.paid(7), stripe.paid(8), stripe.paid()]).toEqual([2_500, 0, 2_500]);
    stripe.settle(later.sessionId, true);
    expect([stripe.paid(7), stripe.paid(8), stripe.paid()]).toEqual([2_500, 900, 3_400]);
    stripe.refundsBegin = 'pending';
    stripe.refund(paymentIntent, 700);
    expect(stripe.refunded()).toBe(700);
    stripe.settleRefund([...stripe.ledger.refunds.keys()][0]!, false);
    expect(stripe.refunded()).toBe(0);
    stripe.refund(paymentIntent, 300);
    stripe.loseDispute(paymentIntent);
    expect([stripe.refunded(7), stripe.refunded(8), stripe.refunded()]).toEqual([2_500, 0, 2_500]);
    const request = { refundId: 5, madeAt: MADE_AT, donationId: 7, paymentIntent, amount: 1 };
    expect(await failureOf(gateway.refund(request))).toMatchObject({ code: 'charge_disputed' });
  });

  test('hold nothing that Stripe has no use for', async () => {
    const answer = await fetch(`${stripe.address}/v1/checkout/sessions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stripe.config.secretKey}` },
      body: new URLSearchParams({ mode: 'payment', child: 'Mia' }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 'parameter_unknown', param: 'child' },
    });
    expect(stripe.ledger.sessions.size).toBe(0);
  });

  test('are told to a webhook as the gateway reads it', async () => {
    const heard: unknown[] = [];
    const webhook = createServer((req, res) => {
      void req.toArray().then((chunks: Buffer[]) => {
        const signature = req.headers['stripe-signature'] as string;
        heard.push(req.url, gateway.readEvent(Buffer.concat(chunks), signature, new Date()));
        res.writeHead(204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    try {
      const { port } = webhook.address() as AddressInfo;
      const { sessionId } = await gateway.openCheckout(CHECKOUT);
      const event = stripe.pay(sessionId);
      expect(await stripe.deliver(event, `http://127.0.0.1:${port}`)).toBe(204);
      expect(heard).toEqual([
        '/webhooks/stripe/',
        expect.objectContaining({ id: event.id, type: 'paid' }),
      ]);
    } finally {
      webhook.closeAllConnections();
      webhook.close();
    }
  });
});
