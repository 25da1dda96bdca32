import { describe, expect, test } from 'vitest';
import { forgetUnpaidGifts } from '../src/features/giving/donations/donations.service.js';
import { openJar, type TestCampaign } from './support/factories.js';
import { DAY, usePayments } from './support/paying.js';

const payments = usePayments();
const { api } = payments;

const forget = (later: number) => forgetUnpaidGifts(payments.context(new Date(Date.now() + later)));

/** The gifts of a campaign that are stored. */
async function stored({ id: campaignId }: TestCampaign): Promise<number[]> {
  const rows = await api.database.sql<{ id: number }>(
    'SELECT id FROM donations WHERE campaign_id = $1 ORDER BY id',
    [campaignId],
  );
  return rows.map(({ id }) => id);
}

describe('30 days after it was begun, a gift', () => {
  test('that expired or failed is forgotten with its page and its answer; no other is', async () => {
    const { parent, campaign } = await openJar(api);
    const path = `/campaigns/${campaign.id}/donations/`;
    const key = 'unpaid-gift-1';
    await api
      .post(path, { amount: 5, donor_name: 'Zz Kate', donor_email: 'zz@example.org' })
      .set('Idempotency-Key', key)
      .expect(201);
    const [keyed] = await stored(campaign);
    const [page] = await api.database.sql<{ session: string }>(
      'SELECT session_id AS session FROM checkouts WHERE donation_id = $1',
      [keyed],
    );
    const [expired, failed, pending] = [
      await payments.begin(campaign),
      await payments.begin(campaign),
      await payments.begin(campaign),
    ];
    const paid = await payments.give(campaign);
    const returned = await payments.give(campaign);
    await api.post(`/donations/${returned.id}/refunds/`, {}, parent.access).expect(201);
    await payments.deliver(
      payments.stripe.expire(page!.session),
      payments.stripe.expire(expired.sessionId),
      payments.stripe.payLater(failed.sessionId),
      payments.stripe.settle(failed.sessionId, false),
    );
    const all = [keyed, expired.id, failed.id, pending.id, paid.id, returned.id];
    await forget(30 * DAY - 60_000);
    expect(await stored(campaign)).toEqual(all);
    const before = await payments.totals(campaign);
    await forget(30 * DAY + 60_000);
    expect(await stored(campaign)).toEqual([pending.id, paid.id, returned.id]);
    expect(await payments.totals(campaign)).toEqual(before);
    for (const table of ['checkouts', 'idempotent_requests']) {
      expect(
        await api.database.sql(`SELECT FROM ${table} WHERE donation_id = ANY ($1)`, [
          [keyed, expired.id, failed.id],
        ]),
      ).toEqual([]);
    }
  });

  test('of which something went back is kept', async () => {
    const { campaign } = await openJar(api);
    const gift = await payments.begin(campaign);
    await payments.deliver(payments.stripe.expire(gift.sessionId));
    await api.database.sql(
      "INSERT INTO refunds (donation_id, amount, status) VALUES ($1, 100, 'succeeded')",
      [gift.id],
    );
    await forget(31 * DAY);
    expect(await stored(campaign)).toEqual([gift.id]);
  });

  test('is forgotten along with thousands of others', async () => {
    const { campaign } = await openJar(api);
    await api.database.sql(
      `INSERT INTO donations (campaign_id, donor_name, donor_email, amount, status)
       SELECT $1, 'Kate', 'kate@example.org', 1, 'expired' FROM generate_series(1, 2001)`,
      [campaign.id],
    );
    await forget(31 * DAY);
    expect(await stored(campaign)).toEqual([]);
  });

  test('that is being paid at this moment is left', async () => {
    const { campaign } = await openJar(api);
    const gift = await payments.begin(campaign);
    await payments.deliver(payments.stripe.expire(gift.sessionId));
    await api.db.transaction(async (tx) => {
      await tx.$queryRaw`SELECT FROM donations WHERE id = ${gift.id} FOR NO KEY UPDATE`;
      await forget(31 * DAY);
    });
    expect(await stored(campaign)).toEqual([gift.id]);
  });
});
