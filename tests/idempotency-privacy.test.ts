import { beforeEach, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { guestGift, registerParent, yearsAgo, type TestParent } from './support/factories.js';
import { postKeyed, rememberedRequests } from './support/keyed.js';

const KEY = 'zz-key';

const api = useApi();

let parent: TestParent;
let donor: TestParent;
let childId: number;
let campaignId: number;

/** A family and its donors, all of it made with keys, and all of it found by what begins with zz. */
beforeEach(async () => {
  await api.database.sql('DELETE FROM idempotent_requests');
  parent = await registerParent(api);
  donor = await registerParent(api, { first_name: 'Zz-donor' });
  const once = (path: string, body: object, token?: string) =>
    postKeyed(api, KEY, path, { ...body, unknown: 'zz-unknown' }, token);

  const child = { name: 'Zz-first Zz-last', date_of_birth: yearsAgo(9) };
  childId = (await once('/parents/me/children/', child, parent.access).expect(201)).body.id;
  const campaign = { title: 'Zz-title', description: 'Zz-text', goal: 90, category: 'sports' };
  const campaigns = `/children/${childId}/campaigns/`;
  campaignId = (await once(campaigns, campaign, parent.access).expect(201)).body.id;
  const gifts = `/campaigns/${campaignId}/donations/`;
  const { body: gift } = await once(
    gifts,
    { amount: 25, comment: 'zz-comment' },
    donor.access,
  ).expect(201);
  const guest = guestGift({ donor_name: 'Zz-guest', donor_email: 'zz-guest@example.org' });
  await once(gifts, guest).expect(201);
  const refund = { amount: 1, reason: 'zz-reason' };
  await once(`/donations/${gift.id}/refunds/`, refund, parent.access).expect(201);
  await once(`/donations/${gift.id}/refunds/`, { amount: 99 }, donor.access).expect(403);
  await close();
  await postKeyed(api, 'zz-closed', gifts, { amount: 3 }, donor.access).expect(409);
  await postKeyed(api, 'zz-closed', gifts, guest).expect(409);
  expect(await rememberedRequests(api)).toHaveLength(7);
});

const close = () =>
  api.put(`/campaigns/${campaignId}/`, { is_open: false }, parent.access).expect(200);

/** What is remembered, but for what was blanked. */
const remembered = async () =>
  (await rememberedRequests(api)).filter((row) => !/,"",404,\{\},,,,,,/.test(row));

/** What is remembered with these words in it. */
const rememberedWith = async (words: RegExp) =>
  (await rememberedRequests(api)).filter((row) => words.test(row));

test('keys and bodies are stored as hashes, and never logged', async () => {
  const tables = await api.database.sql<{ name: string }>(
    `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const inHex = (text: string) => Buffer.from(text).toString('hex');
  for (const { name } of tables) {
    const rows = await api.database.sql<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    const all = rows.map(({ row }) => row).join('\n');
    for (const secret of [KEY, 'zz-closed', 'zz-unknown']) {
      expect(all, name).not.toContain(secret);
      expect(all, name).not.toContain(inHex(secret));
    }
  }
  const logged = api.logged.join('');
  expect(logged).toContain('/campaigns/:id/donations/');
  expect(logged).not.toMatch(/zz-/i);
});

test('with a campaign goes all that is remembered of it and of its gifts', async () => {
  expect(await rememberedWith(/zz-title|zz-comment|zz-guest|zz-reason/i)).not.toEqual([]);
  await api.delete(`/campaigns/${campaignId}/`, parent.access).expect(204);
  expect(await rememberedWith(/zz-title|zz-comment|zz-guest|zz-reason/i)).toEqual([]);
  expect(await rememberedWith(/POST \/parents\/me\/children\//)).toHaveLength(1);
  expect(await rememberedWith(/POST \/donations\/\d+\/refunds\//)).toHaveLength(1);
  expect(await remembered()).toHaveLength(2);
});

test('a refund is not made twice, though its campaign or its donor went meanwhile', async () => {
  const [{ id }] = (await api.get('/donations/', donor.access).expect(200)).body;
  const again = () =>
    postKeyed(
      api,
      KEY,
      `/donations/${id}/refunds/`,
      { amount: 1, reason: 'zz-reason', unknown: 'zz-unknown' },
      parent.access,
    );
  const first = await again().expect(201);
  await api.delete('/parents/me/', donor.access).expect(204);
  const second = await again().expect(201);
  expect(second.headers['idempotent-replayed']).toBe('true');
  expect(second.body).toEqual({ ...first.body, reason: '' });
});

test('with a child goes all that tells of it', async () => {
  expect(await rememberedWith(/zz-first/i)).not.toEqual([]);
  await api.delete(`/children/${childId}/`, parent.access).expect(204);
  expect(await rememberedWith(/zz-/i)).toEqual([]);
  expect(await remembered()).toHaveLength(1);
});

test('with a donor goes what was answered to the donor, and what tells of the gift', async () => {
  expect(await rememberedWith(/zz-donor|zz-comment/i)).not.toEqual([]);
  await api.delete('/parents/me/', donor.access).expect(204);
  expect(await rememberedWith(/zz-donor|zz-comment|zz-reason/i)).toEqual([]);
  expect(await rememberedWith(new RegExp(donor.email))).toEqual([]);
  expect(await remembered()).toHaveLength(5);
});

test('with a parent goes all that tells of the family', async () => {
  await api.delete('/parents/me/', parent.access).expect(204);
  expect(await remembered()).toEqual([]);
});

test('a guest gift that was claimed goes with who claimed it', async () => {
  await api.database.sql(
    'UPDATE donations SET donor_id = $1, donor_email = NULL WHERE donor_email IS NOT NULL',
    [donor.id],
  );
  expect(await rememberedWith(/zz-guest/i)).toHaveLength(1);
  await api.delete('/parents/me/', donor.access).expect(204);
  expect(await rememberedWith(/zz-guest/i)).toEqual([]);
});
