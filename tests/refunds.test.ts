import { describe, expect, test } from 'vitest';
import {
  donate,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';
import { useApi, type Api } from './support/api.js';
import { holdCampaign } from './support/held-campaign.js';
import { hold, started, untilWaiting } from './support/locks.js';
import { usePayments } from './support/paying.js';

const payments = usePayments();
const pledges = useApi();
const { api } = payments;

/** What is asked of a refund of a gift, and what its refunds are. */
const ask = (id: number | string, body: object, parent?: TestParent, at: Api = api) =>
  at.post(`/donations/${id}/refunds/`, body, parent?.access);
const refundsOf = async (id: number, parent: TestParent, at: Api = api) => {
  const { body } = await at.get(`/donations/${id}/refunds/`, parent.access).expect(200);
  return body as { id: number; amount: number; amount_minor: number; status: string }[];
};

async function staff(at: Api = api): Promise<TestParent> {
  const parent = await registerParent(at);
  await at.database.sql('UPDATE parents SET is_staff = true WHERE id = $1', [parent.id]);
  return parent;
}

/** A gift of 25 that a parent has paid. */
async function paidJar() {
  const { parent, campaign } = await openJar(api);
  const donor = await registerParent(api);
  return { parent, campaign, donor, gift: await payments.give(campaign, {}, donor) };
}

async function expectRaised(campaign: TestCampaign, total: number, gifts: number): Promise<void> {
  expect(await payments.totals(campaign)).toMatchObject({ total, gifts });
}

describe('who may', () => {
  test('the owner and staff refund; the donor only looks; anyone else does neither', async () => {
    const { parent, donor, gift } = await paidJar();
    const stranger = await registerParent(api);
    const path = `/donations/${gift.id}/refunds/`;
    await ask(gift.id, { amount: 5 }, parent).expect(201);
    await ask(gift.id, { amount: 5 }, await staff()).expect(201);
    const refused = await ask(gift.id, { amount: 0 }, donor).expect(403);
    expect(refused.body.code).toBe('permission_denied');
    await ask(gift.id, { amount: 0 }, stranger).expect(403);
    await ask(gift.id, { amount: 0 }).expect(401);
    await api.get(path, stranger.access).expect(403);
    await api.get(path).expect(401);
    for (const one of [parent, donor, await staff()])
      expect(await refundsOf(gift.id, one)).toHaveLength(2);
  });

  test('nobody finds what is not there', async () => {
    const { parent } = await paidJar();
    for (const id of [2_000_000_000, 0, -1, 'abc', '9'.repeat(20)]) {
      await ask(id, { amount: 0 }, parent).expect(404);
      await api.get(`/donations/${id}/refunds/`, parent.access).expect(404);
    }
  });

  test('staff alone, once the campaign is gone', async () => {
    const { parent, campaign, donor, gift } = await paidJar();
    await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
    await ask(gift.id, {}, parent).expect(403);
    await ask(gift.id, {}, await staff()).expect(201);
    await payments.sendRefunds();
    expect(payments.stripe.refunded(gift.id)).toBe(2_500);
    expect(await refundsOf(gift.id, donor)).toMatchObject([{ status: 'succeeded' }]);
  });
});

test('a campaign that goes while its refund waits takes the right to it along', async () => {
  const { parent, campaign, donor, gift } = await paidJar();
  const holder = await hold(api, 'DELETE FROM campaigns WHERE id = $1', [campaign.id]);
  const refund = started(ask(gift.id, {}, parent));
  await untilWaiting(api, 1);
  await holder.release();
  const { status, body } = await refund;
  expect([status, body.code]).toEqual([403, 'permission_denied']);
  expect(await refundsOf(gift.id, donor)).toEqual([]);
});

describe('what is asked', () => {
  test.each([0, -1, 1.5, '1.5', true, [1], 100_001, 'all'])('amount %j: 400', async (amount) => {
    const { parent, gift } = await paidJar();
    const { body } = await ask(gift.id, { amount }, parent).expect(400);
    expect(Object.keys(body as object)).toEqual(['amount']);
    expect(await refundsOf(gift.id, parent)).toEqual([]);
  });

  test.each([['x'.repeat(201)], ['a\u0000b'], [7]])('a bad reason: 400', async (reason) => {
    const { parent, gift } = await paidJar();
    const { body } = await ask(gift.id, { reason }, parent).expect(400);
    expect(Object.keys(body as object)).toEqual(['reason']);
  });

  test('a gift that is not completed has nothing to give back', async () => {
    const { parent, campaign } = await openJar(api);
    const pending = await payments.begin(campaign);
    const failed = await payments.begin(campaign);
    payments.stripe.payLater(failed.sessionId);
    await payments.deliver(payments.stripe.settle(failed.sessionId, false));
    for (const { id } of [pending, failed]) {
      const { body } = await ask(id, {}, parent).expect(409);
      expect(body.code).toBe('donation_not_completed');
    }
  });

  test('a part, more than what is left, the rest, and then no more', async () => {
    const { parent, campaign, gift } = await paidJar();
    const { body: part } = await ask(gift.id, { amount: 10, reason: ' On sale. ' }, parent);
    expect(part).toEqual({
      id: expect.any(Number),
      donation: gift.id,
      amount: 10,
      amount_minor: 1_000,
      status: 'pending',
      reason: 'On sale.',
      date_created: expect.stringMatching(/Z$/),
    });
    await expectRaised(campaign, 15, 1);
    const tooMuch = await ask(gift.id, { amount: 16 }, parent).expect(409);
    expect(tooMuch.body).toEqual({ detail: expect.any(String), code: 'refund_too_large' });
    await ask(gift.id, {}, parent).expect(201);
    expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
    const nothing = await ask(gift.id, {}, parent).expect(409);
    expect(nothing.body.code).toBe('refund_too_large');
    await payments.sendRefunds();
    expect(payments.stripe.refunded(gift.id)).toBe(2_500);
    expect(await refundsOf(gift.id, parent)).toMatchObject([
      { amount: 15, status: 'succeeded' },
      { id: part.id, amount: 10, status: 'succeeded' },
    ]);
  });

  test('ten at once never give back more than there is', async () => {
    const { parent, campaign, gift } = await paidJar();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask(gift.id, { amount: 10 }, parent)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 201, ...Array<number>(8).fill(409)]);
    await expectRaised(campaign, 5, 1);
    await payments.sendRefunds();
    expect(payments.stripe.refunded(gift.id)).toBe(2_000);
  });

  test('those that all came before the first was stored never give back more, either', async () => {
    const { parent, campaign, gift } = await paidJar();
    const held = await holdCampaign(api, campaign);
    const refunds = [1, 2, 3].map(() => ask(gift.id, { amount: 10 }, parent).then());
    await held.waiting(3);
    await held.release();
    const statuses = (await Promise.all(refunds)).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 201, 409]);
    await expectRaised(campaign, 5, 1);
  });

  test('pages are as in every list', async () => {
    const { parent, gift } = await paidJar();
    for (const amount of [1, 2, 3]) await ask(gift.id, { amount }, parent).expect(201);
    const path = `/donations/${gift.id}/refunds/?page_size=2`;
    const first = await api.get(path, parent.access).expect(200);
    expect(first.body.map((one: { amount: number }) => one.amount)).toEqual([3, 2]);
    const next = /<([^>]+)>; rel="next"/.exec(first.headers['link'] as string)![1]!;
    const { pathname, search } = new URL(next);
    const second = await api.get(pathname + search, parent.access).expect(200);
    expect(second.body.map((one: { amount: number }) => one.amount)).toEqual([1]);
  });
});

describe('a pledge', () => {
  test('is given back at once, in parts or whole', async () => {
    const { parent, campaign } = await openJar(pledges);
    const gift = await donate(pledges, campaign);
    const { body } = await ask(gift.id, { amount: 10 }, parent, pledges).expect(201);
    expect(body.status).toBe('succeeded');
    const shown = await pledges.get(`/campaigns/${campaign.id}/`).expect(200);
    expect(shown.body).toMatchObject({ total_raised: 15, donation_count: 1 });
    await ask(gift.id, {}, parent, pledges).expect(201);
    const emptied = await pledges.get(`/campaigns/${campaign.id}/`).expect(200);
    expect(emptied.body).toMatchObject({ total_raised: 0, donation_count: 0 });
    expect((await pledges.get(`/campaigns/${campaign.id}/donations/`)).body).toEqual([]);
  });

  test('from before there was Stripe is given back at once there, too', async () => {
    const { parent, campaign } = await openJar(api);
    const [gift] = await api.database.sql<{ id: number }>(
      `INSERT INTO donations (campaign_id, amount, donor_name, donor_email)
       VALUES ($1, 7, 'Kate', 'kate@example.org') RETURNING id`,
      [campaign.id],
    );
    const { body } = await ask(gift!.id, {}, parent).expect(201);
    expect(body.status).toBe('succeeded');
    await expectRaised(campaign, 0, 0);
  });

  test('opens nothing that its goal had closed', async () => {
    const { parent, campaign } = await openJar(pledges, { goal: 25, close_when_funded: true });
    const gift = await donate(pledges, campaign);
    await ask(gift.id, {}, parent, pledges).expect(201);
    const { body } = await pledges.get(`/campaigns/${campaign.id}/`).expect(200);
    expect(body).toMatchObject({ is_open: false, total_raised: 0 });
  });
});

describe('why', () => {
  const reasons = () => api.database.sql("SELECT id FROM refunds WHERE reason ILIKE '%zz-%'");

  test.each(['campaign', 'donor'])('is forgotten with the %s; the refund is not', async (gone) => {
    const { parent, campaign, donor, gift } = await paidJar();
    await ask(gift.id, { amount: 5, reason: 'Zz-Mia got hers from Pat' }, parent).expect(201);
    expect(await reasons()).toHaveLength(1);
    if (gone === 'donor') await api.delete('/parents/me/', donor.access).expect(204);
    else await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
    expect(await reasons()).toEqual([]);
    expect(await refundsOf(gift.id, await staff())).toMatchObject([{ amount: 5, reason: '' }]);
  });

  test('is not kept once the campaign is gone', async () => {
    const { parent, campaign, gift } = await paidJar();
    await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
    const { body } = await ask(gift.id, { reason: 'Zz-Mia is well' }, await staff()).expect(201);
    expect(body.reason).toBe('');
    expect(await reasons()).toEqual([]);
  });

  test('is in no log line, nor are the address and the name', async () => {
    const { parent, gift } = await paidJar();
    await ask(gift.id, { reason: 'Zz-reason' }, parent).expect(201);
    await payments.sendRefunds();
    const logged = api.logged.join('');
    for (const secret of ['Zz-', 'kate@', '@example.com', 'Mia'])
      expect(logged).not.toContain(secret);
  });
});
