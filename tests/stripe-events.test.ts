import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { openJar, registerParent } from './support/factories.js';
import { usePayments, type TestGift } from './support/paying.js';
import type { FakeEvent } from './support/stripe.js';
import { openSwitchableProxy, type SwitchableProxy } from './support/switchable-proxy.js';

let proxy: SwitchableProxy;
afterAll(() => proxy.close());

const payments = usePayments({
  through: async (url) => {
    proxy = await openSwitchableProxy(url);
    return proxy.url;
  },
});
const { api } = payments;
afterEach(() => proxy.restore());

/** A gift up to the page to pay at, and what can be seen of it. */
async function begun() {
  const { parent, campaign } = await openJar(api);
  const gift = await payments.begin(campaign);
  const seen = async () => {
    const path = `/donations/${gift.id}/refunds/`;
    const { body } = await api.get(path, parent.access).expect(200);
    return {
      ...(await payments.course(campaign, parent, gift.id)),
      total: (await payments.totals(campaign)).total,
      refunds: (body as { status: string }[]).map(({ status }) => status),
    };
  };
  return { ...gift, campaign, seen };
}

const PENDING = { status: 'pending', refunded_amount: 0, total: 0, refunds: [] };
const PAID = { status: 'completed', refunded_amount: 0, total: 25, refunds: [] };
const ALL_BACK = { ...PAID, refunded_amount: 25, total: 0, refunds: ['succeeded'] };

const paymentOf = ({ sessionId }: TestGift) =>
  payments.stripe.ledger.sessions.get(sessionId)!.payment_intent!;

const forgetPage = ({ id }: TestGift) =>
  api.database.sql('DELETE FROM checkouts WHERE donation_id = $1', [id]);
const storedOf = ({ id }: TestGift) =>
  api.database.sql(
    `SELECT d.status, k.session_id AS session
       FROM donations d LEFT JOIN checkouts k ON k.donation_id = d.id WHERE d.id = $1`,
    [id],
  );

/** What happens at Stripe, in how many events, and what comes of it. */
interface Story {
  happen(gift: TestGift): FakeEvent[];
  events: number;
  ends: object;
}

const STORIES: Record<string, Story> = {
  'paid later': {
    happen: ({ sessionId }) => [
      payments.stripe.payLater(sessionId),
      payments.stripe.settle(sessionId, true),
    ],
    events: 2,
    ends: PAID,
  },
  'not paid in the end': {
    happen: ({ sessionId }) => [
      payments.stripe.payLater(sessionId),
      payments.stripe.settle(sessionId, false),
    ],
    events: 2,
    ends: { ...PENDING, status: 'failed' },
  },
  'paid, and a part refunded on the dashboard': {
    happen: (gift) => [
      payments.stripe.pay(gift.sessionId),
      ...payments.stripe.refund(paymentOf(gift), 1_000),
    ],
    events: 3,
    ends: { ...PAID, refunded_amount: 10, total: 15, refunds: ['succeeded'] },
  },
  'paid later, and then disputed': {
    happen: (gift) => [
      payments.stripe.payLater(gift.sessionId),
      payments.stripe.settle(gift.sessionId, true),
      payments.stripe.loseDispute(paymentOf(gift)),
    ],
    events: 3,
    ends: ALL_BACK,
  },
  'paid, refunded, and the bank sends it back': {
    happen: (gift) => {
      const paid = payments.stripe.pay(gift.sessionId);
      const [made] = payments.stripe.refund(paymentOf(gift));
      const [refund] = payments.stripe.ledger.refundsOf({ id: paymentOf(gift) });
      const [failed] = payments.stripe.settleRefund(refund!.id, false);
      return [paid, made!, failed!];
    },
    events: 3,
    ends: { ...PAID, refunds: ['failed'] },
  },
};

describe('events of one checkout come to the same in any order', () => {
  const cases = Object.entries(STORIES).flatMap(([name, story]) =>
    permutations([...Array(story.events).keys()]).map((order) => ({ name, story, order })),
  );

  test.each(cases)('$name: $order', async ({ story, order }) => {
    const { seen, ...gift } = await begun();
    const events = story.happen(gift);
    // The first comes once more at the end, as does what Stripe takes for lost.
    for (const i of [...order, order[0]!]) await payments.deliver(events[i]!);
    await payments.deliver({ ...events[order[0]!]!, id: `evt_again_${gift.id}` });
    expect(await seen()).toEqual(story.ends);
  });
});

function permutations(all: number[]): number[][] {
  if (all.length < 2) return [all];
  return all.flatMap((one) =>
    permutations(all.filter((other) => other !== one)).map((rest) => [one, ...rest]),
  );
}

describe('a page of ours that was not yet stored', () => {
  const pay = (gift: TestGift) => payments.stripe.pay(gift.sessionId);

  test('is stored with the news that it was paid', async () => {
    const { seen, ...gift } = await begun();
    await forgetPage(gift);
    await payments.deliver(pay(gift));
    expect(await seen()).toEqual(PAID);
    const stored = await api.database.sql('SELECT * FROM checkouts WHERE donation_id = $1', [
      gift.id,
    ]);
    expect(stored).toMatchObject([{ session_id: gift.sessionId, payment_intent: paymentOf(gift) }]);
  });

  test.each(['before', 'after'])('news of a refund %s news of the payment', async (when) => {
    const { seen, ...gift } = await begun();
    const paid = pay(gift);
    const refunded = payments.stripe.refund(paymentOf(gift));
    await forgetPage(gift);
    await payments.deliver(...(when === 'before' ? [...refunded, paid] : [paid, ...refunded]));
    expect(await seen()).toEqual(ALL_BACK);
    expect(Object.values(await payments.mails(gift.id)).every((times) => times === 1)).toBe(true);
  });

  test('news of a refund waits while Stripe can not be asked', async () => {
    const { seen, ...gift } = await begun();
    pay(gift);
    const [refunded] = payments.stripe.refund(paymentOf(gift));
    await forgetPage(gift);
    await payments.stripe.away();
    const status = await payments.stripe.deliver(refunded!, api.address);
    await payments.stripe.back();
    expect(status).toBe(503);
    await payments.deliver(refunded!);
    expect(await seen()).toEqual(ALL_BACK);
  });
});

describe('a page that was not stored, for a gift of the same id', () => {
  type Session = { metadata: { donation_id: string; made_at: string } };
  const OTHERS: Record<string, (madeAt: string) => object> = {
    'made at another moment': (madeAt) => ({ made_at: String(Number(madeAt) + 1) }),
    'made at no moment': () => ({}),
    'made at nonsense': () => ({ made_at: 'yesterday' }),
  };
  const cases = Object.entries(OTHERS).flatMap(([name, others]) =>
    ['pending', 'expired'].map((status) => ({ name, status, others })),
  );

  test.each(cases)('$name, pays for nothing that is $status', async ({ status, others }) => {
    const { parent, campaign } = await openJar(api);
    const gift = await payments.begin(campaign);
    await forgetPage(gift);
    await api.database.sql('UPDATE donations SET status = $1 WHERE id = $2', [status, gift.id]);
    const event = payments.stripe.pay(gift.sessionId);
    const { metadata, ...session } = event.data.object as Session;
    const { donation_id, made_at } = metadata;
    const object = { ...session, metadata: { donation_id, ...others(made_at) } };
    await payments.deliver({ ...event, id: `evt_others_${gift.id}`, data: { object } });
    expect(await payments.course(campaign, parent, gift.id)).toBeUndefined();
    expect(await storedOf(gift)).toEqual([{ status, session: null }]);
    expect(await payments.mails(gift.id)).toEqual({});
    await payments.deliver(event);
    expect(await payments.totals(campaign)).toEqual({ total: 25, gifts: 1, listed: [gift.id] });
  });
});

test('a page that nobody was shown, and that expired, leaves its gift unseen', async () => {
  const { parent, campaign } = await openJar(api);
  const donor = await registerParent(api);
  const gift = await payments.begin(campaign, {}, donor);
  await forgetPage(gift);
  await payments.deliver(payments.stripe.expire(gift.sessionId));
  expect(await storedOf(gift)).toEqual([{ status: 'expired', session: null }]);
  expect((await api.get('/donations/', donor.access).expect(200)).body).toEqual([]);
  expect(await payments.course(campaign, parent, gift.id)).toBeUndefined();
  for (const { access } of [donor, parent])
    await api.get(`/donations/${gift.id}/refunds/`, access).expect(404);
});

describe('what is not as we asked for it has no effect', () => {
  type Session = Record<string, unknown>;
  const CHANGES: Record<string, (session: Session) => Session> = {
    'another amount': (session) => ({ ...session, amount_total: 2_499 }),
    'another currency': (session) => ({ ...session, currency: 'eur' }),
    'another page': (session) => ({ ...session, id: 'cs_test_of_somebody' }),
    'no metadata': (session) => ({ ...session, metadata: {} }),
    'metadata of others': (session) => ({ ...session, metadata: { donation_id: 'no-1' } }),
    'an unknown donation': (session) => ({ ...session, metadata: { donation_id: '2000000000' } }),
    'a donation id out of range': (session) => ({
      ...session,
      metadata: { donation_id: '9'.repeat(19) },
    }),
    'another mode': (session) => ({ ...session, mode: 'subscription' }),
    'no payment after all': (session) => ({ ...session, payment_status: 'unpaid' }),
    'nothing to pay': (session) => ({ ...session, payment_status: 'no_payment_required' }),
  };

  test.each(Object.entries(CHANGES))('%s', async (_name, change) => {
    const { seen, ...gift } = await begun();
    const event = payments.stripe.pay(gift.sessionId);
    const object = change(event.data.object as Session);
    await payments.deliver({ ...event, id: `evt_changed_${gift.id}`, data: { object } });
    expect(await seen()).toEqual(PENDING);
    expect(await payments.mails(gift.id)).toEqual({});
    await payments.deliver(event);
    expect(await seen()).toEqual(PAID);
  });

  test.each(['another amount', 'another currency', 'another page', 'an unknown donation'])(
    '%s: the log tells by which ids somebody finds the payment',
    async (change) => {
      const gift = await begun();
      const { data, ...event } = payments.stripe.pay(gift.sessionId);
      const object = CHANGES[change]!(data.object as Session);
      await payments.deliver({ ...event, id: `evt_logged_${gift.id}`, data: { object } });
      const line = api.logged.find(
        (one) =>
          one.includes(object['payment_intent'] as string) && one.includes('not as we asked'),
      );
      expect(JSON.parse(line!)).toMatchObject({ level: 50, sessionId: object['id'] });
    },
  );

  test('a payment for what is a pledge: its refund stays ours', async () => {
    const { parent, campaign } = await openJar(api);
    const [pledge] = await api.database.sql<{ id: number }>(
      `INSERT INTO donations (campaign_id, amount, donor_name, donor_email)
       VALUES ($1, 25, 'Kate', 'kate@example.org') RETURNING id`,
      [campaign.id],
    );
    const { sessionId } = await begun();
    const before = payments.stripe.refunded();
    const { data, ...event } = payments.stripe.pay(sessionId);
    const object = { ...data.object, metadata: { donation_id: String(pledge!.id) } };
    await payments.deliver({ ...event, data: { object } });
    const path = `/donations/${pledge!.id}/refunds/`;
    const { body } = await api.post(path, {}, parent.access).expect(201);
    expect(body.status).toBe('succeeded');
    await payments.sendRefunds();
    expect(payments.stripe.refunded()).toBe(before);
  });

  test('a refund and a dispute of a payment that is none of ours', async () => {
    const foreign = payments.stripe.ledger.openSession({
      amount_total: 2_500,
      currency: 'usd',
      customer_email: null,
      metadata: {},
      paymentMetadata: {},
      success_url: 'https://elsewhere.example',
      cancel_url: null,
    });
    payments.stripe.pay(foreign.id);
    const before = await api.database.sql('SELECT count(*) FROM refunds');
    await payments.deliver(
      ...payments.stripe.refund(foreign.payment_intent!, 100),
      payments.stripe.loseDispute(foreign.payment_intent!),
    );
    expect(await api.database.sql('SELECT count(*) FROM refunds')).toEqual(before);
  });
});

test('while the database is away Stripe is told to come again, and then it counts', async () => {
  const { seen, ...gift } = await begun();
  const event = payments.stripe.pay(gift.sessionId);
  await proxy.refuse();
  expect(await payments.stripe.deliver(event, api.address)).toBe(503);
  await proxy.restore();
  expect(await seen()).toEqual(PENDING);
  await payments.deliver(event);
  expect(await seen()).toEqual(PAID);
});

test('a transaction that breaks in the middle leaves the event to be told again', async () => {
  const { seen, ...gift } = await begun();
  const event = payments.stripe.pay(gift.sessionId);
  await api.database.sql(
    `CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$;
     CREATE TRIGGER nothing_counts BEFORE UPDATE ON donations FOR EACH ROW EXECUTE FUNCTION disk_is_full();`,
  );
  expect(await payments.stripe.deliver(event, api.address)).toBe(503);
  expect(await seen()).toEqual(PENDING);
  await api.database.sql('DROP TRIGGER nothing_counts ON donations');
  await payments.deliver(event);
  expect(await seen()).toEqual(PAID);
});
