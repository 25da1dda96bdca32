import { beforeEach, describe, expect, test } from 'vitest';
import {
  giftNoticeMail,
  giftReceiptMail,
} from '../src/features/giving/receipts/gift-mails.service.js';
import { receiptToken } from '../src/features/giving/receipts/receipts.access.js';
import { useApi } from './support/api.js';
import { erasures, runErasure, runForgetting } from './support/erasing.js';
import { donate, openJar, registerParent, type TestParent } from './support/factories.js';
import { postKeyed } from './support/keyed.js';
import { SETTINGS } from './support/worker.js';

// No worker runs here, and a deletion erases only two rows itself: the others still refer to what was deleted.
const api = useApi({ caching: true, erasure: { batch: 2 } });

const GIFTS = 8;

const DELETED = { id: null, title: 'Deleted DreamJar', goal: null, child_name: null };

let jar: Awaited<ReturnType<typeof openJar>>;
let donor: TestParent;
/** Newest first. */
let gifts: number[];

/** A jar with named gifts of one donor, the last of them refunded in part, and one of another donor. */
beforeEach(async () => {
  jar = await openJar(api, { title: 'Zz-title', description: 'Zz-story' });
  // Parents with an unverified address get no mail about donations.
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [
    jar.parent.id,
  ]);
  donor = await registerParent(api, {
    first_name: 'Zz-first',
    email: `zz-${Date.now()}@example.org`,
  });
  gifts = [];
  for (let n = 0; n < GIFTS; n += 1) {
    gifts.unshift((await donate(api, jar.campaign, { comment: 'zz-comment' }, donor)).id);
  }
  await donate(api, jar.campaign, { comment: 'of another' });
  await refund().expect(201);
  expect((await text(`/campaigns/${jar.campaign.id}/donations/`)).match(/zz-/gi)).toHaveLength(16);
});

const refund = () =>
  postKeyed(
    api,
    'zz-key',
    `/donations/${gifts[0]!}/refunds/`,
    { amount: 1, reason: 'zz-reason' },
    jar.parent.access,
  );

const text = async (path: string, parent?: TestParent) =>
  (await api.get(path, parent?.access).expect(200)).text;

const close = () =>
  api.put(`/campaigns/${jar.campaign.id}/`, { is_open: false }, jar.parent.access).expect(200);

async function rowsOf(column: 'campaign_id' | 'donor_id', id: number): Promise<number> {
  const [row] = await api.database.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM donations WHERE ${column} = $1`,
    [id],
  );
  return row!.count;
}

/** Runs the same checks right after the deletion, halfway and at the end: nobody can tell the difference. */
async function throughout(check: () => Promise<void>): Promise<void> {
  expect(await erasures(api)).not.toEqual([]);
  await check();
  await runErasure(api, { batch: 2, batchesARun: 1 });
  expect(await erasures(api)).not.toEqual([]);
  await check();
  await runErasure(api);
  expect(await erasures(api)).toEqual([]);
  await check();
}

describe('once the donor is deleted', () => {
  test('nothing of the person is shown to anybody, however much is still to be erased', async () => {
    const { id } = jar.campaign;
    const before = (await api.get(`/campaigns/${id}/`).expect(200)).body;
    await api.delete('/parents/me/', donor.access).expect(204);
    expect(await rowsOf('donor_id', donor.id)).toBe(GIFTS - 2);

    const former = { donor_name: 'Former member', comment: '' };
    await throughout(async () => {
      const pages = [
        ...['donations/', 'donations.csv', 'statistics/', ''].map(
          (page) => `/campaigns/${id}/${page}`,
        ),
        `/donations/${gifts[0]!}/refunds/`,
        '/parents/me/',
      ];
      for (const path of pages)
        expect(await text(path, jar.parent), path).not.toMatch(/zz-(?!title|story)/i);
      const shown = (await api.get(`/campaigns/${id}/donations/`).expect(200)).body;
      expect(shown.slice(1)).toMatchObject(gifts.map((gift) => ({ id: gift, ...former })));
      const owned = (await api.get(`/campaigns/${id}/donations/`, jar.parent.access).expect(200))
        .body;
      expect(owned.slice(1)).toMatchObject(
        gifts.map((gift) => ({ id: gift, donor: null, donor_email: null, ...former })),
      );
      const figures = (await api.get(`/campaigns/${id}/statistics/`, jar.parent.access)).body;
      expect(figures.donors).toBe(GIFTS + 1);
      expect((await api.get(`/campaigns/${id}/`).expect(200)).body).toMatchObject({
        total_raised: before.total_raised,
        donation_count: before.donation_count,
      });
    });
  });

  test('receipts, mails and stored responses tell nothing of the person', async () => {
    // Only parents with a verified address get mail about donations.
    const { id: owner } = jar.parent;
    await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [owner]);
    await api.delete('/parents/me/', donor.access).expect(204);
    const ctx = { db: api.db, log: api.log, now: new Date(), settings: SETTINGS };
    await throughout(async () => {
      const token = receiptToken(SETTINGS, gifts[0]!);
      const { body } = await api.get(`/donations/${gifts[0]!}/receipt/?token=${token}`).expect(200);
      expect(body).toMatchObject({ donor_name: 'Former member', donor_email: null });
      expect(await giftReceiptMail(ctx, gifts[0]!)).toBeNull();
      expect(await giftNoticeMail(ctx, gifts[0]!)).toMatchObject({ donorName: 'Former member' });
      const again = await refund().expect(201);
      expect(again.headers['idempotent-replayed']).toBe('true');
      expect(again.body).toMatchObject({ amount: 1, reason: '' });
    });
  });

  test('what a guest was answered is not given again, once the guest’s account took the gift along', async () => {
    const guest = { amount: 5, donor_name: 'Zz-guest', donor_email: donor.email };
    const path = `/campaigns/${jar.campaign.id}/donations/`;
    const first = await postKeyed(api, 'zz-guest', path, guest).expect(201);
    await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [
      donor.id,
    ]);
    await api.post('/donations/claims/', {}, donor.access).expect(201);
    await api.delete('/parents/me/', donor.access).expect(204);
    await postKeyed(api, 'zz-guest', path, guest).expect(404);
    const second = await postKeyed(api, 'zz-other', path, guest).expect(201);
    expect(second.body.id).not.toBe(first.body.id);
  });
});

describe.each([
  ['campaign', () => `/campaigns/${jar.campaign.id}/`],
  ['child', () => `/children/${jar.child.id}/`],
  ['account', () => '/parents/me/'],
])('once the %s is deleted', (_what, path) => {
  test('its campaign is gone for everyone, and its donors keep their gifts', async () => {
    const { id } = jar.campaign;
    const other = await openJar(api);
    const elsewhere = await donate(api, other.campaign, {}, donor);
    await close();
    await api.delete(path(), jar.parent.access).expect(204);
    expect(await rowsOf('campaign_id', id)).toBe(GIFTS - 1);
    await throughout(async () => {
      for (const token of [undefined, donor.access]) {
        await api.get(`/campaigns/${id}/`, token).expect(404);
        await api.get(`/campaigns/${id}/donations/`, token).expect(404);
        const gift = { amount: 3, donor_name: 'Kim', donor_email: 'kim@example.org' };
        await api.post(`/campaigns/${id}/donations/`, gift, token).expect(404);
      }
      const history = (await api.get('/donations/', donor.access).expect(200)).body;
      expect(history).toMatchObject([
        { id: elsewhere.id, campaign: { id: other.campaign.id } },
        ...gifts.map((gift) => ({ id: gift, campaign: DELETED, comment: 'zz-comment' })),
      ]);
      const receipt = await api.get(`/donations/${gifts[0]!}/receipt/`, donor.access).expect(200);
      expect(receipt.body.campaign).toEqual({ title: 'Deleted DreamJar', child_name: null });
      const refunds = (await api.get(`/donations/${gifts[0]!}/refunds/`, donor.access).expect(200))
        .body;
      expect(refunds).toMatchObject([{ amount: 1, reason: '' }]);
      expect(await text('/campaigns/?q=zz-title')).not.toContain(`"id":${id},`);
      expect((await api.get(`/campaigns/${other.campaign.id}/`)).body.total_raised).toBe(25);
    });
    await api.delete('/parents/me/', donor.access).expect(204);
    await runErasure(api);
    await runForgetting(api);
    const left = await api.database.sql(
      'SELECT count(*)::int AS gifts, sum(amount)::int AS total FROM donations WHERE id = ANY ($1)',
      [gifts],
    );
    expect(left).toEqual([{ gifts: GIFTS, total: 25 * GIFTS }]);
  });
});
