import {
  eventOf,
  newId,
  now,
  type FakeDispute,
  type FakeEvent,
  type FakePayment,
  type FakeRefund,
  type FakeSession,
} from './objects.js';

const DAY = 86_400;

/** Stripe's "no", in its own form. */
export class StripeSaysNo extends Error {
  constructor(
    readonly status: number,
    readonly error: { type: string; code?: string; message: string; param?: string },
  ) {
    super(error.message);
  }
}

export type NewSession = Pick<
  FakeSession,
  'amount_total' | 'currency' | 'customer_email' | 'metadata' | 'success_url' | 'cancel_url'
> & { paymentMetadata: Record<string, string> };

export type NewRefund = Pick<FakeRefund, 'payment_intent' | 'metadata'> & {
  amount: number | undefined;
};

export type Ledger = ReturnType<typeof openLedger>;

/** The books of an account at Stripe, and what payers and its dashboard may do to them. */
export function openLedger() {
  const sessions = new Map<string, FakeSession>();
  const payments = new Map<string, FakePayment>();
  const refunds = new Map<string, FakeRefund>();
  const disputes = new Map<string, FakeDispute>();
  const paymentMetadata = new Map<string, Record<string, string>>();
  /** Everything that Stripe would post, in order. */
  const events: FakeEvent[] = [];

  const tell = (type: string, object: object): FakeEvent => {
    const event = eventOf(type, object);
    events.push(event);
    return event;
  };

  function openSession({ paymentMetadata: kept, ...asked }: NewSession): FakeSession {
    const id = newId('cs_test');
    const session: FakeSession = {
      id,
      object: 'checkout.session',
      mode: 'payment',
      livemode: false,
      created: now(),
      expires_at: now() + DAY,
      status: 'open',
      payment_status: 'unpaid',
      amount_subtotal: asked.amount_total,
      payment_intent: null,
      url: `https://checkout.stripe.com/c/pay/${id}`,
      ...asked,
    };
    sessions.set(id, session);
    paymentMetadata.set(id, kept);
    return session;
  }

  /** The payer is through with the page, by a method that pays at once or days later. */
  function complete(sessionId: string, status: 'processing' | 'succeeded'): FakeEvent {
    const session = openOne(sessionId);
    const payment: FakePayment = {
      id: newId('pi'),
      charge: newId('ch'),
      status,
      amount: session.amount_total,
      currency: session.currency,
      email: session.customer_email,
      metadata: paymentMetadata.get(sessionId) ?? {},
    };
    payments.set(payment.id, payment);
    Object.assign(session, {
      status: 'complete',
      payment_status: status === 'succeeded' ? 'paid' : 'unpaid',
      payment_intent: payment.id,
      url: null,
    });
    return tell('checkout.session.completed', session);
  }

  /** The end of a payment that was on its way. */
  function settle(sessionId: string, ok: boolean): FakeEvent {
    const session = find(sessions, sessionId);
    const payment = find(payments, session.payment_intent ?? '');
    if (payment.status !== 'processing') throw new Error('this payment is not on its way');
    payment.status = ok ? 'succeeded' : 'failed';
    if (ok) session.payment_status = 'paid';
    return tell(`checkout.session.async_payment_${payment.status}`, session);
  }

  function expire(sessionId: string): FakeEvent {
    const session = openOne(sessionId);
    Object.assign(session, { status: 'expired', url: null });
    return tell('checkout.session.expired', session);
  }

  function openOne(sessionId: string): FakeSession {
    const session = find(sessions, sessionId);
    if (session.status !== 'open') throw new Error(`this session is ${session.status}`);
    return session;
  }

  /** Gives back all that is left, or an amount. Pending refunds count as given back until they fail. */
  function refund(asked: NewRefund, status: 'pending' | 'succeeded') {
    const payment = find(payments, asked.payment_intent, 'payment_intent');
    const left = leftOf(payment);
    const amount = asked.amount ?? left;
    if (disputesOf(payment).length > 0) throw invalid('It was charged back.', 'charge_disputed');
    if (left === 0) throw invalid('It has been refunded.', 'charge_already_refunded');
    if (amount > left) throw invalid(`Only ${left} are left to refund.`, undefined, 'amount');
    const { charge, currency } = payment;
    const made: FakeRefund = {
      id: newId('re'),
      object: 'refund',
      created: now(),
      amount,
      currency,
      charge,
      payment_intent: payment.id,
      metadata: asked.metadata,
      reason: null,
      status,
    };
    refunds.set(made.id, made);
    const told = [tell('refund.created', made), tell('charge.refunded', chargeOf(payment))];
    return { refund: made, events: told };
  }

  /** The end of a pending refund; a bank may also send back one that had succeeded. */
  function settleRefund(refundId: string, ok: boolean): FakeEvent[] {
    const one = find(refunds, refundId);
    one.status = ok ? 'succeeded' : 'failed';
    const types = ['refund.updated', 'charge.refund.updated', ...(ok ? [] : ['refund.failed'])];
    return types.map((type) => tell(type, one));
  }

  /** The payer's bank takes the money back: all of it, unless an amount is said. */
  function loseDispute(paymentIntent: string, amount?: number): FakeEvent {
    const { id, charge, currency, amount: all } = find(payments, paymentIntent);
    const dispute: FakeDispute = {
      id: newId('du'),
      object: 'dispute',
      created: now(),
      amount: amount ?? all,
      currency,
      charge,
      payment_intent: id,
      reason: 'fraudulent',
      status: 'lost',
    };
    disputes.set(dispute.id, dispute);
    return tell('charge.dispute.closed', dispute);
  }

  const refundsOf = ({ id }: Pick<FakePayment, 'id'>) =>
    [...refunds.values()].filter((one) => one.payment_intent === id).reverse();
  const disputesOf = ({ id }: FakePayment) =>
    [...disputes.values()].filter((one) => one.payment_intent === id);
  const paidOf = ({ status, amount }: FakePayment) => (status === 'succeeded' ? amount : 0);
  const refundedOf = (payment: FakePayment) =>
    sum(refundsOf(payment).filter(({ status }) => status !== 'failed'));
  const leftOf = (payment: FakePayment) => paidOf(payment) - refundedOf(payment);

  function chargeOf(payment: FakePayment) {
    const { charge, id, amount, currency, email, metadata } = payment;
    return {
      id: charge,
      object: 'charge',
      amount,
      amount_refunded: refundedOf(payment),
      billing_details: { email },
      currency,
      metadata,
      paid: true,
      payment_intent: id,
      refunded: leftOf(payment) === 0,
      status: 'succeeded',
    };
  }

  const paymentsFor = (donationId: number | undefined) =>
    [...payments.values()].filter(
      ({ metadata }) => donationId === undefined || metadata.donation_id === String(donationId),
    );

  return {
    sessions,
    payments,
    refunds,
    disputes,
    events,
    openSession,
    complete,
    settle,
    expire,
    refund,
    refundsOf,
    settleRefund,
    loseDispute,
    /** Minor units that came in, for one donation or for all. */
    paid: (donationId?: number) =>
      paymentsFor(donationId).reduce((total, one) => total + paidOf(one), 0),
    /** Minor units that went back, refunds on their way and lost disputes included; never more than came in. */
    refunded: (donationId?: number) =>
      paymentsFor(donationId).reduce(
        (total, one) => total + Math.min(paidOf(one), refundedOf(one) + sum(disputesOf(one))),
        0,
      ),
  };
}

/** What is kept under an id. @throws StripeSaysNo as Stripe answers for an id that it doesn't know. */
export function find<One>(all: Map<string, One>, id: string, param = 'id'): One {
  const one = all.get(id);
  if (one) return one;
  const message = `No such thing: '${id}'`;
  throw new StripeSaysNo(param === 'id' ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message,
    param,
  });
}

/** A call that Stripe can't do as it was asked. */
export function invalid(message: string, code?: string, param?: string): StripeSaysNo {
  return new StripeSaysNo(400, {
    type: 'invalid_request_error',
    message,
    ...(code !== undefined && { code }),
    ...(param !== undefined && { param }),
  });
}

function sum(all: { amount: number }[]): number {
  return all.reduce((total, { amount }) => total + amount, 0);
}
