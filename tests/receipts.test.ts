import type supertest from 'supertest';
import { beforeAll, describe, expect, test } from 'vitest';
import { receiptToken } from '../src/features/giving/receipts/receipts.access.js';
import { useApi } from './support/api.js';
import { expectError, send } from './support/bare-http.js';
import {
  donate,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';
import { SETTINGS } from './support/worker.js';

const FORM = [
  'amount',
  'campaign',
  'currency',
  'date_donated',
  'donation',
  'donor_email',
  'donor_name',
  'number',
  'refunded_amount',
];

const api = useApi();
const limited = useApi({ rateLimit: true });
let owner: TestParent;
let campaign: TestCampaign;
let donor: TestParent;
let stranger: TestParent;

beforeAll(async () => {
  ({ parent: owner, campaign } = await openJar(api));
  donor = await registerParent(api, { first_name: 'Dora', last_name: 'Private' });
  stranger = await registerParent(api);
});

const tokenOf = (id: number) => receiptToken(SETTINGS, id);
const path = (id: number | string, token?: string) =>
  `/donations/${id}/receipt/${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`;
const see = (id: number | string, { token, as }: { token?: string; as?: TestParent }) =>
  api.get(path(id, token), as?.access);
const byLink = async (id: number) => (await see(id, { token: tokenOf(id) }).expect(200)).body;

async function expectRefused(request: supertest.Test, status: number, code: string): Promise<void> {
  expectError(await request, status, code);
}

/** A gift that was begun at Stripe and came no further; never begun where it has no page to be paid at. */
async function beginGift(status: string, hasPage = true): Promise<number> {
  const [gift] = await api.database.sql<{ id: number }>(
    'INSERT INTO donations (campaign_id, donor_id, donor_name, amount, status) VALUES ($1, $2, $3, 25, $4) RETURNING id',
    [campaign.id, donor.id, 'Dora', status],
  );
  const { id } = gift!;
  if (hasPage) {
    await api.database.sql(
      `INSERT INTO checkouts (donation_id, session_id, currency, asked_at) VALUES ($1, $2, 'usd', now())`,
      [id, `cs_${id}`],
    );
  }
  return id;
}

describe('a receipt', () => {
  test('tells of a gift what its donor may know, and no more', async () => {
    const gift = { amount: 30, comment: 'Good luck', anonymous: true };
    const { id } = await donate(api, campaign, gift, donor);
    const { body } = await see(id, { as: donor }).expect(200);
    expect(body).toEqual({
      number: `DJ-${String(body.date_donated).slice(0, 4)}-${String(id).padStart(8, '0')}`,
      donation: id,
      amount: 30,
      refunded_amount: 0,
      currency: 'usd',
      donor_name: 'Dora',
      donor_email: donor.email,
      date_donated: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      campaign: { title: campaign.title, child_name: 'Mia' },
    });
    expect(Object.keys(body).sort()).toEqual(FORM);
  });

  test('is the same for the guest who has the link', async () => {
    const { id } = await donate(api, campaign);
    expect(await byLink(id)).toMatchObject({
      donation: id,
      amount: 25,
      donor_name: 'Aunt Kate',
      donor_email: 'kate@example.org',
    });
  });

  test('has a number that no other has, of the year in UTC', async () => {
    const [first, second] = [await donate(api, campaign), await donate(api, campaign)];
    expect((await byLink(first.id)).number).not.toBe((await byLink(second.id)).number);
    await api.database.sql('UPDATE donations SET date_donated = $1 WHERE id = $2', [
      '2025-12-31T23:30:00-02:00',
      first.id,
    ]);
    expect((await byLink(first.id)).number).toMatch(/^DJ-2026-\d{8}$/);
  });

  test('shows what went back', async () => {
    const { id } = await donate(api, campaign, {}, donor);
    const refund = (amount: number) =>
      api.post(`/donations/${id}/refunds/`, { amount }, owner.access).expect(201);
    await refund(10);
    expect(await byLink(id)).toMatchObject({ amount: 25, refunded_amount: 10 });
    await refund(15);
    expect(await byLink(id)).toMatchObject({ amount: 25, refunded_amount: 25 });
  });

  test('outlives its campaign', async () => {
    const jar = await openJar(api);
    const { id } = await donate(api, jar.campaign, {}, donor);
    await api.delete(`/campaigns/${jar.campaign.id}/`, jar.parent.access).expect(204);
    const { body } = await see(id, { as: donor }).expect(200);
    expect(body.campaign).toEqual({ title: 'Deleted DreamJar', child_name: null });
  });

  test('outlives its donor, and names nobody then', async () => {
    const leaving = await registerParent(api, { first_name: 'Lea' });
    const { id } = await donate(api, campaign, {}, leaving);
    await api.delete('/parents/me/', leaving.access).expect(204);
    expect(await byLink(id)).toMatchObject({ donor_name: 'Former member', donor_email: null });
  });
});

describe('who may see it', () => {
  test('nobody without a token of either kind', async () => {
    const { id } = await donate(api, campaign);
    for (const query of ['', '?token=', '?token=a&token=b', '?token=%ff', '?tok=x'])
      await expectRefused(api.get(`/donations/${id}/receipt/${query}`), 401, 'not_authenticated');
    await expectRefused(see(id, {}), 401, 'not_authenticated');
    await expectRefused(see(2_147_483_647, {}), 401, 'not_authenticated');
    const bad = api.get(path(id, tokenOf(id)), 'no access token');
    await expectRefused(bad, 401, 'token_not_valid');
  });

  test('the donor, whatever the link; and who has the link, whoever it is', async () => {
    const { id } = await donate(api, campaign, {}, donor);
    await see(id, { as: donor }).expect(200);
    await see(id, { as: donor, token: 'wrong' }).expect(200);
    for (const as of [undefined, donor, owner, stranger])
      await see(id, { token: tokenOf(id), ...(as && { as }) }).expect(200);
  });

  test("neither strangers nor the campaign's owner", async () => {
    const { id } = await donate(api, campaign, {}, donor);
    const guests = await donate(api, campaign);
    for (const as of [stranger, owner]) {
      await expectRefused(see(id, { as }), 403, 'permission_denied');
      await expectRefused(see(guests.id, { as }), 403, 'permission_denied');
    }
    await expectRefused(see(guests.id, { as: donor }), 403, 'permission_denied');
  });

  test('no token but the right one', async () => {
    const { id } = await donate(api, campaign);
    const other = await donate(api, campaign);
    const right = tokenOf(id);
    const flipped = right.at(-1) === 'A' ? 'B' : 'A';
    const wrong = [
      tokenOf(other.id),
      right.slice(0, -1),
      right.slice(0, -1) + flipped,
      `${right}A`,
      `${right}=`,
      ` ${right}`,
      right.toLowerCase(),
      receiptToken({ ...SETTINGS, jwtSecret: 'the secret of somebody else' }, id),
      owner.access,
      '\u00e9'.repeat(43),
      '\0',
      'x',
    ];
    for (const token of wrong) {
      await expectRefused(see(id, { token }), 403, 'permission_denied');
      await expectRefused(see(id, { token, as: stranger }), 403, 'permission_denied');
    }
    await see(id, { token: right }).expect(200);
  });

  test('bad parameters are told only to those who may see it', async () => {
    const { id } = await donate(api, campaign, {}, donor);
    const twice = `/donations/${id}/receipt/?token=a&token=b`;
    expectError(await api.get(twice, donor.access), 400);
    await expectRefused(api.get(twice, stranger.access), 403, 'permission_denied');
    await expectRefused(
      api.get(twice.replace(String(id), '2147483647'), donor.access),
      404,
      'not_found',
    );
  });

  test.each([2_147_483_647, '0', '-1', 'abc', '99999999999999999999'])(
    'there is none of donation %s',
    async (id) => {
      await expectRefused(see(id, { as: donor }), 404, 'not_found');
      await expectRefused(see(id, { token: 'x' }), 404, 'not_found');
    },
  );

  test.each(['pending', 'failed', 'expired'])(
    'there is none of a gift that is %s',
    async (status) => {
      const id = await beginGift(status);
      await expectRefused(see(id, { as: donor }), 409, 'donation_not_completed');
      await expectRefused(see(id, { token: tokenOf(id) }), 409, 'donation_not_completed');
      await expectRefused(see(id, { as: stranger }), 403, 'permission_denied');
    },
  );

  test('a gift that never had a page to be paid at was not begun', async () => {
    const id = await beginGift('pending', false);
    await expectRefused(see(id, { as: donor }), 404, 'not_found');
    await expectRefused(see(id, { token: tokenOf(id) }), 404, 'not_found');
  });

  test('the link goes on working once an account has claimed the gift, and tells no address of its', async () => {
    const { id } = await donate(api, campaign);
    const claim = 'UPDATE donations SET donor_id = $1, donor_email = NULL WHERE id = $2';
    await api.database.sql(claim, [donor.id, id]);
    expect(await byLink(id)).toMatchObject({ donor_name: 'Aunt Kate', donor_email: null });
    const { body } = await see(id, { as: donor, token: tokenOf(id) }).expect(200);
    expect(body).toMatchObject({ donor_email: donor.email });
  });

  test('the link is not logged', async () => {
    const { id } = await donate(api, campaign);
    await byLink(id);
    expect(api.logged.join('')).toContain('/donations/:id/receipt/');
    expect(api.logged.join('')).not.toContain(tokenOf(id));
  });
});

describe('as Accept says', () => {
  let id: number;
  beforeAll(async () => {
    ({ id } = await donate(api, campaign, {}, donor));
  });

  const ask = (accept: string | undefined, method = 'GET') =>
    send(api, method, path(id, tokenOf(id)), accept === undefined ? {} : { accept });

  test.each([
    'application/pdf',
    'Application/PDF',
    'application/pdf, */*',
    'application/pdf, application/json',
    'application/pdf, application/json;q=0.9',
    'application/json;q=0.5, application/pdf;q=0.6',
    'application/*;q=0.5, application/pdf',
    '*/*, application/json;q=0',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  ])('a PDF for %j', async (accept) => {
    const { status, headers, text } = await ask(accept);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/pdf');
    expect(headers['content-disposition']).toMatch(
      new RegExp(`^attachment; filename=DJ-\\d{4}-${String(id).padStart(8, '0')}\\.pdf$`),
    );
    expect(text).toMatch(/^%PDF-1\.\d/);
    expect(headers.vary).toMatch(/\bAccept\b/);
    expect(headers['cache-control']).toBe('no-store');
  });

  test.each([
    undefined,
    '',
    '*/*',
    'application/*',
    'application/json',
    'application/json, application/pdf',
    'application/json, application/pdf;q=0.9',
    '*/*, application/pdf;q=0.5',
    'application/pdf;q=0',
    'application/pdf;q=0, text/html',
    'text/html',
    'image/png',
    'nonsense',
  ])('JSON for %j', async (accept) => {
    const { status, headers, text } = await ask(accept);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(headers['content-disposition']).toBeUndefined();
    expect(JSON.parse(text)).toMatchObject({ donation: id });
    expect(headers.vary).toMatch(/\bAccept\b/);
  });

  test.each(['application/pdf', 'application/json'])(
    'HEAD has the headers of %s',
    async (accept) => {
      const [head, get] = [await ask(accept, 'HEAD'), await ask(accept)];
      expect([head.status, head.text]).toEqual([200, '']);
      for (const name of ['content-type', 'content-length', 'content-disposition', 'vary'])
        expect(head.headers[name], name).toBe(get.headers[name]);
    },
  );

  test('a refusal is JSON all the same', async () => {
    const { headers, status } = await send(api, 'GET', path(id, 'wrong'), {
      accept: 'application/pdf',
    });
    expect(status).toBe(403);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('answers in one form only do not vary', async () => {
    const { headers } = await send(api, 'GET', '/campaigns/');
    expect(headers.vary ?? '').not.toMatch(/\bAccept\b/);
  });
});

test('an address may ask for 120 a minute', async () => {
  const ask = () => limited.get('/donations/1/receipt/?token=x');
  for (let i = 0; i < 120; i += 1) await ask().expect(404);
  expectError(await ask(), 429, 'throttled');
});
