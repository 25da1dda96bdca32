import { afterEach, describe, expect, test } from 'vitest';
import { receiptToken } from '../src/features/giving/receipts/receipts.access.js';
import { useApi } from './support/api.js';
import { expectError } from './support/bare-http.js';
import { donate, openJar, registerParent, type TestParent } from './support/factories.js';
import { DAY, usePayments, type TestGift } from './support/paying.js';
import { SETTINGS } from './support/worker.js';

const payments = usePayments();
const { api } = payments;
const limited = useApi({
  rateLimit: true,
  limits: { status: { calls: 'see', rules: [{ max: 2, seconds: 60, per: ['client address'] }] } },
});

afterEach(() => {
  api.clock.now = null;
});

/** The token in an address that Stripe sends the browser to. */
function tokenOf(gift: TestGift, page: 'success_url' | 'cancel_url' = 'success_url'): string {
  const { hash } = new URL(payments.stripe.ledger.sessions.get(gift.sessionId)![page]!);
  return new URLSearchParams(hash.slice(1)).get('token')!;
}

const see = (id: number, token?: string, as?: TestParent) =>
  api.get(
    `/donations/${id}/${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`,
    as?.access,
  );

async function begun(fields: object = {}, donor?: TestParent) {
  const { parent, campaign } = await openJar(api);
  return { owner: parent, campaign, gift: await payments.begin(campaign, fields, donor) };
}

describe('after the return from Stripe', () => {
  test('a guest sees the gift become completed', async () => {
    const { campaign, gift } = await begun({ anonymous: true });
    const token = tokenOf(gift);
    expect((await see(gift.id, token).expect(200)).body).toEqual({
      id: gift.id,
      amount: 25,
      comment: '',
      anonymous: true,
      donor_name: 'Aunt Kate',
      donor_email: 'kate@example.org',
      date_donated: expect.any(String),
      status: 'pending',
      refunded_amount: 0,
      campaign: { id: campaign.id, title: campaign.title, goal: campaign.goal, child_name: 'Mia' },
    });
    await payments.pay(gift);
    expect((await see(gift.id, token).expect(200)).body).toMatchObject({ status: 'completed' });
  });

  test('or that it was left', async () => {
    const { gift } = await begun();
    await payments.deliver(payments.stripe.expire(gift.sessionId));
    const { body, headers } = await see(gift.id, tokenOf(gift, 'cancel_url')).expect(200);
    expect(body).toMatchObject({ status: 'expired' });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  test('the token tells no address of an account', async () => {
    const donor = await registerParent(api, { first_name: 'Dora' });
    const { gift } = await begun({}, donor);
    expect((await see(gift.id, tokenOf(gift)).expect(200)).body).toMatchObject({
      donor_name: 'Dora',
      donor_email: null,
    });
    const { body } = await see(gift.id, undefined, donor).expect(200);
    expect(body).toMatchObject({ donor_name: 'Dora', donor_email: donor.email });
  });

  test('the token opens this gift alone, for 30 days, and no receipt', async () => {
    const { owner, gift } = await begun();
    const other = await begun();
    await payments.pay(gift);
    const token = tokenOf(gift);
    const [until, mac] = token.split('.') as [string, string];
    const later = (parseInt(until, 36) + DAY).toString(36);
    const wrong = [tokenOf(other.gift), `${later}.${mac}`, `${until}.`, mac, '.', 'x', '\0'];
    for (const one of wrong) {
      expectError(await see(gift.id, one), 403, 'permission_denied');
      expectError(await see(gift.id, one, owner), 403, 'permission_denied');
    }
    const receipt = `/donations/${gift.id}/receipt/?token=${token}`;
    expectError(await api.get(receipt), 403, 'permission_denied');
    api.clock.now = new Date(Date.now() + 30 * DAY - 60_000);
    await see(gift.id, token).expect(200);
    api.clock.now = new Date(Date.now() + 30 * DAY + 60_000);
    expectError(await see(gift.id, token), 403, 'permission_denied');
  });

  test('the token is not logged', async () => {
    const { gift } = await begun();
    await see(gift.id, tokenOf(gift)).expect(200);
    expect(api.logged.join('')).toContain('"route":"/donations/:id/"');
    expect(api.logged.join('')).not.toContain(tokenOf(gift));
  });
});

describe('who may see a gift', () => {
  test('whoever has the token of its receipt', async () => {
    const { gift } = await begun();
    expect((await see(gift.id, receiptToken(SETTINGS, gift.id)).expect(200)).body).toMatchObject({
      status: 'pending',
      donor_email: 'kate@example.org',
    });
  });

  test('no visitor, no stranger, and not the owner of the campaign', async () => {
    const donor = await registerParent(api);
    const { owner, gift } = await begun({}, donor);
    for (const query of ['', '?token=a&token=b', '?tok=x'])
      expectError(await api.get(`/donations/${gift.id}/${query}`), 401, 'not_authenticated');
    expectError(await see(gift.id, undefined, owner), 403, 'permission_denied');
    expectError(await api.get(`/donations/${gift.id}/`, 'no access token'), 401, 'token_not_valid');
    expectError(await api.get(`/donations/${gift.id}/?token=a&token=b`, donor.access), 400);
  });

  test('nobody a gift that is not there, or that nobody was shown a page for', async () => {
    const donor = await registerParent(api);
    const { gift } = await begun({}, donor);
    expectError(await see(2_147_483_647, 'x'), 404, 'not_found');
    expectError(await api.get('/donations/abc/?token=x'), 404, 'not_found');
    await api.database.sql('DELETE FROM checkouts WHERE donation_id = $1', [gift.id]);
    expectError(await see(gift.id, undefined, donor), 404, 'not_found');
  });

  test('and the lists beside it still answer', async () => {
    const { access } = await registerParent(api);
    await api.get('/donations/claimable/', access).expect(200);
    await api.get('/donations/', access).expect(200);
    await api.post('/donations/claims/', {}, access).expect(403);
  });
});

test('a client address may ask so many times a minute', async () => {
  for (let i = 0; i < 2; i += 1) await limited.get('/donations/1/?token=x').expect(404);
  expectError(await limited.get('/donations/1/?token=x'), 429, 'throttled');
});

describe('the answer to an anonymous gift', () => {
  const pledges = useApi();

  test.each(['guest', 'parent'])('names nobody (%s), also when it is given again', async (who) => {
    const { campaign, parent: owner } = await openJar(pledges);
    const donor = who === 'parent' ? await registerParent(pledges) : undefined;
    const gift = {
      amount: 5,
      anonymous: true,
      donor_name: 'Zz-hidden',
      donor_email: 'z@example.org',
    };
    const give = () =>
      pledges
        .post(`/campaigns/${campaign.id}/donations/`, gift, donor?.access)
        .set('Idempotency-Key', `anonymous ${who}`)
        .expect(201);
    const [first, again] = [await give(), await give()];
    expect(first.body).toMatchObject({ anonymous: true, donor_name: 'Anonymous' });
    expect(again.body).toEqual(first.body);
    const stored = await pledges.database.sql('SELECT answer FROM idempotent_requests');
    expect(JSON.stringify(stored)).not.toContain('Zz-hidden');
    const list = await pledges.get(`/campaigns/${campaign.id}/donations/`, owner.access);
    expect(list.body).toMatchObject([{ donor_name: 'Zz-hidden' }]);
    if (!donor) return;
    const history = await pledges.get('/donations/', donor.access).expect(200);
    expect(history.body).toMatchObject([{ donor_name: 'Zz-hidden' }]);
    const receipt = await pledges.get(`/donations/${first.body.id}/receipt/`, donor.access);
    expect(receipt.body).toMatchObject({ donor_name: 'Zz-hidden' });
  });

  test('that is not anonymous names its donor', async () => {
    const { campaign } = await openJar(pledges);
    expect(await donate(pledges, campaign)).toMatchObject({ donor_name: 'Aunt Kate' });
  });
});
