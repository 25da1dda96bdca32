import { describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { send } from './support/bare-http.js';
import { donate, openJar } from './support/factories.js';
import { usePayments } from './support/paying.js';
import type { FakeEvent } from './support/stripe.js';

const payments = usePayments();
const pledges = useApi();
const { api } = payments;

const PATH = '/webhooks/stripe/';
const SECONDS = () => Math.floor(Date.now() / 1000);

/** Posts bytes as they are, with Stripe's signature unless headers say otherwise. */
async function post(body: string, headers: Record<string, string>) {
  const { status, text } = await send(api, 'POST', PATH, headers, body);
  return { status, ...(JSON.parse(text) as { code?: string; received?: boolean }) };
}

describe('a request that Stripe did not just sign', () => {
  const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
  type Signed = ReturnType<typeof payments.stripe.sign>;
  const sign = (event: FakeEvent, as = {}): Signed => payments.stripe.sign(event, as);
  const rewritten = (event: FakeEvent, change: (signed: Signed) => string) => {
    const signed = sign(event);
    return { ...signed, body: change(signed) };
  };
  const signature = (event: FakeEvent, value: string) => ({
    body: sign(event).body,
    headers: { ...JSON_TYPE, 'stripe-signature': value },
  });
  const padded = (event: FakeEvent) => ({ ...event, padding: 'x'.repeat(1_000_000) });

  const FORGED: [
    string,
    number,
    string,
    (event: FakeEvent) => { body: string; headers: object },
  ][] = [
    [
      'of 301 seconds ago',
      400,
      'webhook_not_valid',
      (e) => sign(e, { timestamp: SECONDS() - 301 }),
    ],
    [
      'of 310 seconds ahead',
      400,
      'webhook_not_valid',
      (e) => sign(e, { timestamp: SECONDS() + 310 }),
    ],
    ['by another secret', 400, 'webhook_not_valid', (e) => sign(e, { secret: 'whsec_other' })],
    ['by an empty secret', 400, 'webhook_not_valid', (e) => sign(e, { secret: ' ' })],
    [
      'with a changed amount',
      400,
      'webhook_not_valid',
      (e) => rewritten(e, ({ body }) => body.replace('2500', '2501')),
    ],
    [
      'with one more space',
      400,
      'webhook_not_valid',
      (e) => rewritten(e, ({ body }) => `${body} `),
    ],
    ['with a signature of nothing', 400, 'webhook_not_valid', (e) => signature(e, '')],
    [
      'with a signature of no scheme',
      400,
      'webhook_not_valid',
      (e) => signature(e, `t=${SECONDS()}`),
    ],
    ['with an odd signature', 400, 'webhook_not_valid', (e) => signature(e, 't=,v1=,t=9e9,v1=%00')],
    [
      'with no signature',
      400,
      'webhook_not_valid',
      (e) => ({ body: sign(e).body, headers: JSON_TYPE }),
    ],
    ['with no body', 400, 'webhook_not_valid', (e) => ({ ...sign(e), body: '' })],
    [
      'that is not JSON, and not signed',
      400,
      'webhook_not_valid',
      () => ({ ...payments.stripe.sign('{"id": ', { secret: 'whsec_other' }) }),
    ],
    [
      'as another type',
      415,
      'unsupported_media_type',
      (e) => ({ ...sign(e), headers: { ...sign(e).headers, 'content-type': 'text/plain' } }),
    ],
    ['of more than 1 MB', 413, 'too_large', (e) => payments.stripe.sign(padded(e))],
  ];

  test.each(FORGED)('%s: %i %s, and no effect', async (_what, status, code, make) => {
    const { campaign } = await openJar(api);
    const gift = await payments.begin(campaign);
    const event = payments.stripe.pay(gift.sessionId);
    const { body, headers } = make(event);
    const answer = await post(body, headers as Record<string, string>);
    expect(answer.status).toBe(status);
    if (code) expect(answer.code).toBe(code);
    expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
    // It was not taken for done: the true one still counts.
    await payments.deliver(event);
    expect(await payments.totals(campaign)).toMatchObject({ total: 25, gifts: 1 });
  });

  test.each([-290, 290])('of %i seconds from now counts', async (off) => {
    const { campaign } = await openJar(api);
    const gift = await payments.begin(campaign);
    const event = payments.stripe.pay(gift.sessionId);
    const { body, headers } = sign(event, { timestamp: SECONDS() + off });
    expect(await post(body, headers)).toEqual({ status: 200, received: true });
    expect(await payments.totals(campaign)).toMatchObject({ total: 25 });
  });
});

describe('an event', () => {
  const begun = async () => {
    const { parent, campaign } = await openJar(api);
    const gift = await payments.begin(campaign);
    const course = () => payments.course(campaign, parent, gift.id);
    return { ...gift, campaign, course };
  };

  test('of another kind is taken and does nothing', async () => {
    const { id, course } = await begun();
    const metadata = { donation_id: String(id) };
    const object = { id: 'pi_1', object: 'payment_intent', amount: 2500, metadata };
    for (const type of ['payment_intent.succeeded', 'charge.dispute.created', 'v9.unheard_of']) {
      await payments.deliver({ id: `evt_${type}`, type, data: { object } });
    }
    expect(await course()).toMatchObject({ status: 'pending' });
  });

  test('of a page that was left ends the gift', async () => {
    const { sessionId, course, campaign } = await begun();
    await payments.deliver(payments.stripe.expire(sessionId));
    expect(await course()).toEqual({ status: 'expired', refunded_amount: 0 });
    expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
  });

  test('of money on its way counts nothing, until it arrives', async () => {
    const { id, sessionId, course, campaign } = await begun();
    await payments.deliver(payments.stripe.payLater(sessionId));
    expect(await course()).toMatchObject({ status: 'pending' });
    expect(await payments.totals(campaign)).toMatchObject({ total: 0 });
    await payments.deliver(payments.stripe.settle(sessionId, true));
    expect(await course()).toMatchObject({ status: 'completed' });
    expect(await payments.totals(campaign)).toEqual({ total: 25, gifts: 1, listed: [id] });
  });

  test('of money that did not arrive fails the gift', async () => {
    const { sessionId, course } = await begun();
    await payments.deliver(payments.stripe.payLater(sessionId));
    await payments.deliver(payments.stripe.settle(sessionId, false));
    expect(await course()).toEqual({ status: 'failed', refunded_amount: 0 });
  });

  test('sent twenty times at once is one credit and one mail of each kind', async () => {
    const { id, sessionId, campaign } = await begun();
    const event = payments.stripe.pay(sessionId);
    const statuses = await Promise.all(
      Array.from({ length: 20 }, () => payments.stripe.deliver(event, api.address)),
    );
    expect(statuses).toEqual(Array(20).fill(200));
    expect(await payments.totals(campaign)).toEqual({ total: 25, gifts: 1, listed: [id] });
    expect(await payments.mails(id)).toEqual({ gift_receipt: 1, gift_notice: 1 });
  });

  test('of an id that was told before has no effect, whatever it says', async () => {
    const [one, other] = [await begun(), await begun()];
    const told = payments.stripe.pay(one.sessionId);
    await payments.deliver(told, { ...payments.stripe.pay(other.sessionId), id: told.id });
    expect(await one.course()).toMatchObject({ status: 'completed' });
    expect(await other.course()).toMatchObject({ status: 'pending' });
  });

  test('told in twenty events is one credit, too', async () => {
    const { id, sessionId, campaign } = await begun();
    const event = payments.stripe.pay(sessionId);
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => payments.deliver({ ...event, id: `${event.id}_${i}` })),
    );
    expect(await payments.totals(campaign)).toEqual({ total: 25, gifts: 1, listed: [id] });
    expect(await payments.mails(id)).toEqual({ gift_receipt: 1, gift_notice: 1 });
  });
});

test('without Stripe there is nobody to hear: 503, and pledges go on', async () => {
  const { campaign } = await openJar(pledges);
  const event = { id: 'evt_1', type: 'checkout.session.completed', data: { object: {} } };
  const { body, headers } = payments.stripe.sign(event);
  const answer = await send(pledges, 'POST', PATH, headers, body);
  expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, 'stripe_not_configured']);
  await donate(pledges, campaign);
});

test('no log line of an event holds its signature, an address or a name', async () => {
  const { campaign } = await openJar(api);
  await payments.give(campaign, { comment: 'Zz-comment' });
  const logged = api.logged.join('');
  for (const secret of ['kate@', 'Aunt Kate', 'Zz-comment', 'v1=', 'whsec_', '@example.com'])
    expect(logged).not.toContain(secret);
});
