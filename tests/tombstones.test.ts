import { describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { runForgetting } from './support/erasing.js';
import {
  donate,
  guestGift,
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';

const DELETED = { id: null, title: 'Deleted DreamJar', goal: null, child_name: null };

const api = useApi();

/** A donor with a plain and an anonymous gift in a jar; everything about the donor can be searched for. */
async function giveTwice(campaign: TestCampaign) {
  const donor = await registerParent(api, {
    username: 'zz-username',
    email: 'zz-email@example.org',
    first_name: 'Zz-first',
    last_name: 'Zz-last',
  });
  const plain = await donate(api, campaign, { amount: 30, comment: 'zz-comment' }, donor);
  const named = { amount: 20, comment: 'zz-hidden', anonymous: true, donor_name: 'Zz-pseudonym' };
  const anonymous = await donate(api, campaign, named, donor);
  return { donor, plain, anonymous };
}

const close = ({ id }: TestCampaign, { access }: TestParent) =>
  api.put(`/campaigns/${id}/`, { is_open: false }, access).expect(200);
const history = async ({ access }: TestParent) =>
  (await api.get('/donations/', access).expect(200)).body;
const gifts = async ({ id }: TestCampaign, parent?: TestParent) =>
  (await api.get(`/campaigns/${id}/donations/`, parent?.access).expect(200)).body;

/** Every row of every table that holds the text, in any letter case. */
async function rowsWith(text: string): Promise<string[]> {
  const tables = await api.database.sql<{ name: string }>(
    `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await api.database.sql<{ row: string }>(
      `SELECT t::text AS row FROM ${name} t WHERE t::text ILIKE '%' || $1 || '%'`,
      [text],
    );
    found.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return found;
}

async function removeDonor(donor: TestParent): Promise<void> {
  expect(await rowsWith('zz-')).not.toEqual([]);
  await api.delete(`/parents/${donor.id}/`, donor.access).expect(204);
  // The comment of an anonymous gift goes within a day.
  for (const row of await rowsWith('zz-')) expect(row).toMatch(/^public\.donations .*zz-hidden/);
  await runForgetting(api);
  expect(await rowsWith('zz-')).toEqual([]);
}

describe('what is left of the campaign', () => {
  test.each([
    [
      'campaign',
      ({ campaign, parent }: Jar) => api.delete(`/campaigns/${campaign.id}/`, parent.access),
    ],
    ['child', ({ child, parent }: Jar) => api.delete(`/children/${child.id}/`, parent.access)],
    ['parent', ({ parent }: Jar) => api.delete('/parents/me/', parent.access)],
  ])('once the %s is deleted, the gifts stay with the donor alone', async (_what, remove) => {
    const jar = await openJar(api, { title: 'Xx-title', description: 'Xx-description' });
    const other = await openJar(api);
    const { donor, plain, anonymous } = await giveTwice(jar.campaign);
    const elsewhere = await donate(api, other.campaign, {}, donor);
    await donate(api, jar.campaign, { comment: 'a guest’s' });
    const [, before, beforePlain] = await history(donor);
    await close(jar.campaign, jar.parent);
    await remove(jar).expect(204);

    const after = await history(donor);
    expect(after.map(({ id }: TestCampaign) => id)).toEqual([elsewhere.id, anonymous.id, plain.id]);
    expect(after[1]).toEqual({ ...before, campaign: DELETED });
    expect(after[2]).toEqual({ ...beforePlain, campaign: DELETED });
    expect(after[2]).toMatchObject({ donor_name: 'Zz-first', donor_email: 'zz-email@example.org' });
    expect(after[0].campaign.id).toBe(other.campaign.id);
    for (const token of [undefined, donor.access]) {
      await api.get(`/campaigns/${jar.campaign.id}/`, token).expect(404);
      await api.get(`/campaigns/${jar.campaign.id}/donations/`, token).expect(404);
      await api.post(`/campaigns/${jar.campaign.id}/donations/`, guestGift(), token).expect(404);
    }
    expect(await rowsWith('xx-')).toEqual([]);
    const [stored] = await api.database.sql(
      'SELECT count(*)::int AS gifts, sum(amount)::int AS total FROM donations WHERE campaign_id IS NULL AND comment <> $1',
      [''],
    );
    expect(stored).toMatchObject({ gifts: 3, total: 75 });
    await api.delete('/parents/me/', donor.access).expect(204);
    await api.database.sql('DELETE FROM donations WHERE campaign_id IS NULL');
  });
});

interface Jar {
  parent: TestParent;
  child: { id: number };
  campaign: TestCampaign;
}

describe('what is left of the donor', () => {
  test('the gifts count on, from a former member or anonymous, for the public and the owner', async () => {
    const { parent, campaign } = await openJar(api);
    const { donor, plain, anonymous } = await giveTwice(campaign);
    const guest = await donate(api, campaign, { anonymous: true, comment: 'stays' });
    const before = await gifts(campaign);
    await removeDonor(donor);

    const seen = await gifts(campaign);
    expect(seen).toMatchObject([
      { id: guest.id, donor_name: 'Anonymous', comment: 'stays' },
      { id: anonymous.id, donor_name: 'Anonymous', comment: '', amount: 20, anonymous: true },
      { id: plain.id, donor_name: 'Former member', comment: '', amount: 30, anonymous: false },
    ]);
    for (const [index, one] of seen.entries()) {
      expect(Object.keys(one)).toEqual(Object.keys(before[index]));
      expect(one.date_donated).toBe(before[index].date_donated);
    }

    const owned = await gifts(campaign, parent);
    expect(owned).toMatchObject([
      { id: guest.id, donor_name: 'Aunt Kate', donor: null, donor_email: 'kate@example.org' },
      { id: anonymous.id, donor_name: 'Anonymous', donor: null, donor_email: null, comment: '' },
      { id: plain.id, donor_name: 'Former member', donor: null, donor_email: null, comment: '' },
    ]);
    const full = await api.get(`/campaigns/${campaign.id}/`, parent.access).expect(200);
    expect(full.body).toMatchObject({ total_raised: 75, donation_count: 3, donations: owned });
    await api.get('/donations/', donor.access).expect(401);
  });

  test('whoever registers with the same address later inherits nothing', async () => {
    const { campaign } = await openJar(api);
    const { donor } = await giveTwice(campaign);
    await removeDonor(donor);
    const { username, email } = donor;
    const successor = await registerParent(api, { username, email, first_name: 'Zz-new' });
    expect(await history(successor)).toEqual([]);
    expect((await gifts(campaign)).map((one: { donor_name: string }) => one.donor_name)).toEqual([
      'Anonymous',
      'Former member',
    ]);
    await removeDonor(successor);
  });

  test('addresses that the account has left go with it', async () => {
    const donor = await registerParent(api, { email: 'zz-left@example.org' });
    await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [
      donor.id,
    ]);
    const email = 'moved@example.org';
    await api.patch('/parents/me/', { email }, donor.access).expect(200);
    expect((await rowsWith('zz-left')).join()).toContain('email_undos');
    await removeDonor(donor);
    await removeDonor(await registerParent(api, { email: donor.email }));
  });

  test('a parent who gave to the own campaign leaves nothing at all', async () => {
    const { campaign: other } = await openJar(api);
    const { donor } = await giveTwice(other);
    const { body: kid } = await api
      .post(
        '/parents/me/children/',
        { name: 'Zz-child Zz-name', date_of_birth: '2022-02-02' },
        donor.access,
      )
      .expect(201);
    const own = await openCampaign(api, donor, kid, { title: 'zz-title', description: 'zz-story' });
    await donate(api, own, { comment: 'zz-own' }, donor);
    await api.delete('/parents/me/', donor.access).expect(409);
    expect(await history(donor)).toHaveLength(3);
    await close(own, donor);
    await removeDonor(donor);
    expect(await gifts(other)).toHaveLength(2);
  });
});

test('once both are gone, the sum of money is still known', async () => {
  const { parent, campaign } = await openJar(api);
  const { donor, plain, anonymous } = await giveTwice(campaign);
  await close(campaign, parent);
  await api.delete('/parents/me/', parent.access).expect(204);
  await removeDonor(donor);
  const rows = await api.database.sql('SELECT * FROM donations WHERE id = ANY($1) ORDER BY id', [
    [plain.id, anonymous.id],
  ]);
  const bare = {
    campaign_id: null,
    donor_id: null,
    donor_name: null,
    donor_email: null,
    comment: '',
  };
  expect(rows).toMatchObject([
    { ...bare, amount: 30, anonymous: false },
    { ...bare, amount: 20, anonymous: true },
  ]);
});

test('totals are what the gifts say, after all this', async () => {
  const wrong = await api.database.sql(
    `SELECT c.id FROM campaigns c LEFT JOIN donations d ON d.campaign_id = c.id
      GROUP BY c.id HAVING c.total_raised <> coalesce(sum(d.amount), 0) OR c.donation_count <> count(d.id)`,
  );
  expect(wrong).toEqual([]);
});
