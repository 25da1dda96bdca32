import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { registry } from '../src/observability/metrics.js';
import { openJar } from './support/factories.js';
import { usePayments } from './support/paying.js';
import type { FakeEvent } from './support/stripe.js';

const payments = usePayments();
const { api } = payments;

type Shape = Record<string, unknown>;

/** A paid, a refunded and a disputed payment of 25.00 each: their events, and what has come of them. */
async function story() {
  const { parent, campaign } = await openJar(api);
  const gift = await payments.begin(campaign);
  const paid = payments.stripe.pay(gift.sessionId);
  const { payment_intent: paymentIntent } = payments.stripe.ledger.sessions.get(gift.sessionId)!;
  const course = () => payments.course(campaign, parent, gift.id);
  return { gift, campaign, course, paid, paymentIntent: paymentIntent! };
}

const taken = (event: object | string) => {
  const { body, headers } = payments.stripe.sign(event);
  return fetch(`${api.address}/webhooks/stripe/`, { method: 'POST', body, headers });
};

const countOf = async (result: string) => {
  const { values } = await registry.getSingleMetric('stripe_events_total')!.get();
  return values.find(({ labels }) => labels.result === result)?.value ?? 0;
};

const errorsFrom = (start: number) =>
  api.logged.slice(start).filter((line) => line.includes('"level":50'));

const withObject = ({ data, ...event }: FakeEvent, change: Shape): object => ({
  ...event,
  data: { object: { ...data.object, ...change } },
});

const without = ({ data, ...event }: FakeEvent, name: string): object => {
  const object = Object.entries(data.object).filter(([key]) => key !== name);
  return { ...event, data: { object: Object.fromEntries(object) } };
};

describe('a signed event that can have no effect gets 200, an error in the log, and is counted', () => {
  const LONG = 'x'.repeat(256);
  const CASES: Record<string, [string, (event: FakeEvent) => object | string]> = {
    'status: null': ['not_understood', (e) => withObject(e, { status: null })],
    'a status that is new': ['not_understood', (e) => withObject(e, { status: 'paused' })],
    'no payment_intent': ['not_understood', (e) => without(e, 'payment_intent')],
    'no currency': ['not_understood', (e) => without(e, 'currency')],
    'no object': ['not_understood', (e) => ({ ...e, data: {} })],
    'no data': ['not_understood', (e) => ({ ...e, data: null })],
    'no id': ['not_understood', (e) => ({ ...e, id: null })],
    'an id of 256 characters': ['not_understood', (e) => ({ ...e, id: LONG })],
    'a page of 256 characters': ['not_understood', (e) => withObject(e, { id: LONG })],
    'a payment of 256 characters': [
      'not_understood',
      (e) => withObject(e, { payment_intent: LONG }),
    ],
    'NUL in an id': ['not_understood', (e) => withObject(e, { payment_intent: 'pi_\u0000' })],
    'an amount that is text': ['not_understood', (e) => withObject(e, { amount_total: '2500' })],
    'no amount at all': ['not_as_asked', (e) => withObject(e, { amount_total: 0 })],
    'an amount below zero': ['not_as_asked', (e) => withObject(e, { amount_total: -2_500 })],
    'an absurd amount': ['not_as_asked', (e) => withObject(e, { amount_total: 2 ** 52 })],
    'another currency': ['not_as_asked', (e) => withObject(e, { currency: 'jpy' })],
    'a list': ['not_understood', () => '[]'],
    'nothing of JSON': ['not_understood', () => '{"id": '],
  };

  test.each(Object.entries(CASES))('%s', async (_what, [result, change]) => {
    const { campaign, paid, course } = await story();
    const [start, before] = [api.logged.length, await countOf(result)];
    expect((await taken(change({ ...paid, id: `${paid.id}_odd` }))).status).toBe(200);
    expect(await countOf(result)).toBe(before + 1);
    const errors = errorsFrom(start);
    expect(errors).toHaveLength(1);
    for (const personal of ['kate@', 'Aunt Kate', LONG]) expect(errors[0]).not.toContain(personal);
    expect(await course()).toMatchObject({ status: 'pending' });
    // It was not taken for done: the true one still counts.
    await payments.deliver(paid);
    expect(await payments.totals(campaign)).toMatchObject({ total: 25, gifts: 1 });
  });

  test('the log names the event by the ids of Stripe', async () => {
    const { paid, gift, paymentIntent } = await story();
    const start = api.logged.length;
    await taken(withObject(paid, { status: null }));
    expect(JSON.parse(errorsFrom(start)[0]!)).toMatchObject({
      eventId: paid.id,
      eventType: 'checkout.session.completed',
      objectId: gift.sessionId,
      paymentIntent,
    });
  });

  test('a payment that another gift was paid by', async () => {
    const [one, other] = [await story(), await story()];
    await payments.deliver(one.paid);
    const mixed = withObject(other.paid, { payment_intent: one.paymentIntent });
    const before = await countOf('not_stored');
    expect((await taken(mixed)).status).toBe(200);
    expect(await countOf('not_stored')).toBe(before + 1);
    expect(await other.course()).toMatchObject({ status: 'pending' });
    await payments.deliver(other.paid);
    expect(await other.course()).toMatchObject({ status: 'completed' });
  });

  test('a second payment for a page that is paid', async () => {
    const { gift, paid, paymentIntent } = await story();
    await payments.deliver(paid);
    const second = withObject({ ...paid, id: `${paid.id}2` }, { payment_intent: 'pi_second' });
    expect((await taken(second)).status).toBe(200);
    const stored = await api.database.sql(
      'SELECT payment_intent FROM checkouts WHERE donation_id = $1',
      [gift.id],
    );
    expect(stored).toEqual([{ payment_intent: paymentIntent }]);
  });

  test.each([
    ['nothing', { amount: 0 }],
    ['less than nothing', { amount: -100 }],
    ['more than there is money', { amount: 2 ** 52 }],
    ['more than a column holds', { amount: 2 ** 31 }],
    ['another currency', { currency: 'jpy' }],
    ['an unknown state', { status: 'lost' }],
    ['an id of 256 characters', { id: LONG }],
  ])('a refund of %s', async (_what, change) => {
    const { paid, paymentIntent, course } = await story();
    await payments.deliver(paid);
    const [refunded] = payments.stripe.refund(paymentIntent, 500);
    const start = api.logged.length;
    expect((await taken(withObject(refunded!, change))).status).toBe(200);
    expect(errorsFrom(start)).toHaveLength(1);
    expect(await course()).toEqual({ status: 'completed', refunded_amount: 0 });
    await payments.deliver({ ...refunded!, id: `${refunded!.id}2` });
    expect(await course()).toEqual({ status: 'completed', refunded_amount: 5 });
  });

  test('a refund that is known of another payment', async () => {
    const [one, other] = [await story(), await story()];
    await payments.deliver(one.paid, other.paid);
    const [refunded] = payments.stripe.refund(one.paymentIntent, 500);
    await payments.deliver(refunded!);
    const moved = withObject(
      { ...refunded!, id: `${refunded!.id}2` },
      { payment_intent: other.paymentIntent, status: 'failed' },
    );
    expect((await taken(moved)).status).toBe(200);
    expect(await one.course()).toMatchObject({ refunded_amount: 5 });
    expect(await other.course()).toMatchObject({ refunded_amount: 0 });
  });

  test('a lost dispute of nothing', async () => {
    const { paid, paymentIntent, course } = await story();
    await payments.deliver(paid);
    const lost = payments.stripe.loseDispute(paymentIntent);
    expect((await taken(withObject(lost, { amount: 0 }))).status).toBe(200);
    expect(await course()).toMatchObject({ refunded_amount: 0 });
  });

  test('news of a payment that Stripe itself does not know', async () => {
    const { paid, paymentIntent } = await story();
    await payments.deliver(paid);
    const [refunded] = payments.stripe.refund(paymentIntent, 500);
    payments.stripe.next({ status: 404, code: 'resource_missing' });
    const before = await countOf('not_answered');
    expect((await taken(withObject(refunded!, { payment_intent: 'pi_gone' }))).status).toBe(200);
    expect(await countOf('not_answered')).toBe(before + 1);
  });
});

describe('a signed event that is not for us gets 200 and one line for who debugs', () => {
  const NOT_OURS: Record<string, (event: FakeEvent) => object> = {
    'of the thin kind': ({ id, created, type }) => ({
      id,
      object: 'v2.core.event',
      type: `v1.${type}`,
      created: new Date(created * 1000).toISOString(),
      related_object: { id: 'cs_1', type: 'checkout.session', url: '/v1/checkout/sessions/cs_1' },
    }),
    'of a connected account': (event) => ({ ...event, account: 'acct_1' }),
    'of the other mode': (event) => ({ ...event, livemode: true }),
    'of another type, without an object': ({ id }) => ({ id, type: 'customer.created' }),
    'of another type, with an id of 300 characters': (event) => ({
      ...event,
      id: 'e'.repeat(300),
      type: 'customer.created',
    }),
  };

  test.each(Object.entries(NOT_OURS))('%s', async (_what, change) => {
    const { paid, course } = await story();
    const [start, before] = [api.logged.length, await countOf('ignored')];
    expect((await taken(change(paid))).status).toBe(200);
    expect(await countOf('ignored')).toBe(before + 1);
    const lines = api.logged.slice(start).filter((line) => line.includes('not for us'));
    expect(lines.map((line) => JSON.parse(line).level)).toEqual([20]);
    expect(errorsFrom(start)).toEqual([]);
    expect(await course()).toMatchObject({ status: 'pending' });
  });
});

test.each([99_000, 120_000, 990_000])('an event of %i bytes has its effect', async (size) => {
  const { paid, course } = await story();
  expect((await taken({ ...paid, padding: 'x'.repeat(size - 1_500) })).status).toBe(200);
  expect(await course()).toMatchObject({ status: 'completed' });
});

test('other bodies are bounded as before', async () => {
  const { campaign } = await openJar(api);
  const comment = 'x'.repeat(120_000);
  const { body } = await api.post(`/campaigns/${campaign.id}/donations/`, { comment }).expect(413);
  expect(body).toEqual({ code: 'too_large', detail: 'The body is larger than 100 kB.' });
});

/** The ways to every value in an object. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return path.length > 0 ? [path] : [];
  const inner = Object.entries(value).flatMap(([name, one]) => places(one, [...path, name]));
  return path.length > 0 ? [path, ...inner] : inner;
}

function changedAt(event: object, [name, ...rest]: string[], value: unknown): object {
  const changed = Object.entries(event).map(([key, one]): [string, unknown] => {
    if (key !== name) return [key, one];
    return [key, rest.length > 0 ? changedAt(one as object, rest, value) : value];
  });
  // As JSON it leaves out what is undefined.
  return Object.fromEntries(changed);
}

const WRONG = [
  undefined,
  null,
  '',
  '\u0000',
  '\ud800',
  'x'.repeat(256),
  'x'.repeat(90_000),
  0,
  -1,
  1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 63,
  true,
  false,
  [],
  {},
  [null],
  { id: null },
  'not an id',
];

test('whatever is changed in an event, it is taken, and money is never made or lost', async () => {
  const { campaign, course, paid, paymentIntent, gift } = await story();
  const events = [paid, ...payments.stripe.refund(paymentIntent, 500)];
  const change = fc
    .constantFrom(...events)
    .chain((event) =>
      fc.record({
        event: fc.constant(event),
        path: fc.constantFrom(...places(event)),
        value: fc.constantFrom(...WRONG),
      }),
    )
    // A refund of one cent is as good as any.
    .filter(({ path, value }) => !(path.at(-1) === 'amount' && value === 1));
  await fc.assert(
    fc.asyncProperty(change, async ({ event, path, value }) => {
      const { status } = await taken(changedAt(event, path, value));
      expect(status).toBe(200);
      const { total, gifts } = await payments.totals(campaign);
      expect([0, 20, 25]).toContain(total);
      expect(gifts).toBe(total > 0 ? 1 : 0);
    }),
    { numRuns: Number(process.env['EVENT_CHANGES'] ?? 150) },
  );
  for (const event of events) await payments.deliver({ ...event, id: `${event.id}_whole` });
  expect(await course()).toEqual({ status: 'completed', refunded_amount: 5 });
  expect(await payments.totals(campaign)).toEqual({ total: 20, gifts: 1, listed: [gift.id] });
});
