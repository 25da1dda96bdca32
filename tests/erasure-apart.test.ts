import { beforeEach, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { erasures, runErasure, runForgetting } from './support/erasing.js';
import {
  donate,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';

const api = useApi({ caching: true });

/** A deletion erases two donations at once, and leaves the others to the job. */
const slow = useApi({ on: () => api.database, erasure: { batch: 2 } });

const HOUR = 60 * 60 * 1000;

let owner: TestParent;
let campaign: TestCampaign;
let donor: TestParent;

beforeEach(async () => {
  ({ parent: owner, campaign } = await openJar(api));
  donor = await registerParent(api, { first_name: 'Zz-first' });
});

const listed = async (as?: TestParent) =>
  (await slow.get(`/campaigns/${campaign.id}/donations/`, as?.access).expect(200)).body;

const verify = ({ id }: TestParent) =>
  api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [id]);

const FORMER = { donor_name: 'Former member', comment: '' };

describe('a named and an anonymous donation of one person', () => {
  test('do not change together: the anonymous one looks as before, until a moment of its own', async () => {
    const named = await donate(api, campaign, { comment: 'zz-named' }, donor);
    const hidden = await donate(api, campaign, { comment: 'zz-hidden', anonymous: true }, donor);
    const bare = await donate(api, campaign, { anonymous: true }, donor);
    const [before] = [await listed()];
    await api.delete('/parents/me/', donor.access).expect(204);
    expect(await erasures(api)).toEqual([]);
    const after = await listed();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after.map(({ id }: { id: number }) => id)).toEqual([bare.id, hidden.id, named.id]);
    expect(after[2]).toMatchObject(FORMER);

    await runForgetting(api, 23 * HOUR);
    const gone = await listed();
    expect(gone).toEqual([before[0], { ...before[1], comment: '' }, after[2]]);
  });

  test('a list of anonymous donations alone is the same to the byte', async () => {
    await donate(api, campaign, { comment: 'zz-hidden', anonymous: true }, donor);
    const path = `/campaigns/${campaign.id}/donations/`;
    const before = await api.get(path).expect(200);
    await api.delete('/parents/me/', donor.access).expect(204);
    const after = await api.get(path).expect(200);
    expect([after.text, after.headers['etag']]).toEqual([before.text, before.headers['etag']]);
  });

  test('are both nobody’s at once for the owner of the campaign', async () => {
    await donate(api, campaign, { comment: 'zz-named' }, donor);
    await donate(api, campaign, { comment: 'zz-hidden', anonymous: true }, donor);
    await api.delete('/parents/me/', donor.access).expect(204);
    const nobody = { donor: null, donor_email: null };
    expect(await listed(owner)).toMatchObject([
      { ...nobody, donor_name: 'Anonymous', comment: 'zz-hidden' },
      { ...nobody, ...FORMER },
    ]);
  });

  test('before the job has come to it, an anonymous one looks as before, too', async () => {
    for (let n = 0; n < 3; n += 1) await donate(api, campaign, { comment: 'zz-named' }, donor);
    await donate(api, campaign, { comment: 'zz-hidden', anonymous: true }, donor);
    const [before] = await listed();
    await slow.delete('/parents/me/', donor.access).expect(204);
    expect(await erasures(api)).toMatchObject([{ kind: 'parent', id: donor.id }]);
    expect(await listed()).toMatchObject([before, FORMER, FORMER, FORMER]);
    expect(await listed(owner)).toMatchObject([
      { donor: null, donor_email: null, donor_name: 'Anonymous', comment: 'zz-hidden' },
      ...Array<object>(3).fill({ donor: null, ...FORMER }),
    ]);
    await runErasure(api);
    expect((await listed())[0]).toEqual(before);
  });

  test('each of many anonymous ones has a moment of its own within a day, and a commit of its own', async () => {
    await api.database.sql(
      `INSERT INTO donations (campaign_id, donor_id, amount, donor_name, comment, anonymous)
       SELECT $1, $2, 5, 'Zz-first', 'zz-hidden', true FROM generate_series(1, 200)`,
      [campaign.id, donor.id],
    );
    const began = Date.now();
    await api.delete('/parents/me/', donor.access).expect(204);
    const moments = await api.database.sql<{ until: Date }>(
      'SELECT comment_until AS until FROM donations WHERE campaign_id = $1',
      [campaign.id],
    );
    const hours = moments.map(({ until }) => (until.getTime() - began) / HOUR);
    expect(new Set(hours).size).toBeGreaterThan(190);
    expect(Math.min(...hours)).toBeLessThan(6);
    expect(Math.max(...hours)).toBeGreaterThan(17);
    expect(Math.max(...hours)).toBeLessThan(23.5);

    await runForgetting(api, 12 * HOUR);
    const kept = (await listed()).filter(({ comment }: { comment: string }) => comment !== '');
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(100);
    await runForgetting(api);
    const [{ commits }] = (await api.database.sql<{ commits: number }>(
      'SELECT count(DISTINCT xmin::text)::int AS commits FROM donations WHERE campaign_id = $1',
      [campaign.id],
    )) as [{ commits: number }];
    expect(commits).toBe(200);
    const words = "SELECT id FROM donations WHERE comment LIKE 'zz-%' OR comment_until IS NOT NULL";
    expect(await api.database.sql(`${words} AND campaign_id = ${campaign.id}`)).toEqual([]);
  });
});

describe('donations that a guest made with the address of an account', () => {
  const asGuest = (fields: object = {}) =>
    donate(api, campaign, {
      donor_name: 'Zz-guest',
      donor_email: donor.email.toUpperCase(),
      ...fields,
    });

  test('are erased with it, where the address was verified', async () => {
    await verify(donor);
    const named = await asGuest({ comment: 'zz-named' });
    const hidden = await asGuest({ comment: 'zz-hidden', anonymous: true });
    const other = await donate(api, campaign, { comment: 'stays' });
    await api.database.sql(
      `INSERT INTO donations (campaign_id, amount, donor_name, donor_email, status)
       SELECT $1, 5, 'Zz-guest', $2, status FROM unnest(ARRAY['pending', 'failed', 'expired']) status`,
      [campaign.id, donor.email],
    );
    await api.delete('/parents/me/', donor.access).expect(204);
    expect(await listed()).toMatchObject([
      { id: other.id, donor_name: 'Aunt Kate', comment: 'stays' },
      { id: hidden.id, donor_name: 'Anonymous', comment: 'zz-hidden' },
      { id: named.id, ...FORMER },
    ]);
    expect(await listed(owner)).toMatchObject([
      { id: other.id, donor_email: 'kate@example.org' },
      { id: hidden.id, donor_name: 'Anonymous', donor_email: null },
      { id: named.id, ...FORMER, donor_email: null },
    ]);
    await runForgetting(api);
    const found = await api.database.sql(
      `SELECT id FROM donations WHERE campaign_id = $1 AND (comment LIKE 'zz-%' OR donor_name LIKE 'Zz-%'
          OR lower(donor_email) = lower($2))`,
      [campaign.id, donor.email],
    );
    expect(found).toEqual([]);
  });

  test('stay as they are where it was not: it may be somebody else’s', async () => {
    await asGuest({ comment: 'stays' });
    await api.delete('/parents/me/', donor.access).expect(204);
    await runErasure(api);
    expect(await listed(owner)).toMatchObject([
      { donor_name: 'Zz-guest', donor_email: donor.email.toUpperCase(), comment: 'stays' },
    ]);
  });

  test('are out of sight at once however many they are, and nobody can claim them meanwhile', async () => {
    await verify(donor);
    for (let n = 0; n < 5; n += 1) await asGuest({ comment: 'zz-named' });
    await slow.delete('/parents/me/', donor.access).expect(204);
    expect(await erasures(api)).toMatchObject([{ address: donor.email.toLowerCase() }]);
    const heir = await registerParent(api, { email: donor.email });
    await verify(heir);
    for (const _time of ['before', 'after']) {
      expect(await listed()).toMatchObject(Array<object>(5).fill(FORMER));
      expect(await listed(owner)).toMatchObject(
        Array<object>(5).fill({ ...FORMER, donor_email: null }),
      );
      const csv = `/campaigns/${campaign.id}/donations.csv`;
      const { text } = await api.get(csv, owner.access).expect(200);
      expect(text.match(/Former member/g)).toHaveLength(5);
      for (const secret of ['zz-', donor.email.toLowerCase()])
        expect(text.toLowerCase()).not.toContain(secret);
      expect((await api.get('/donations/claimable/', heir.access).expect(200)).body).toEqual([]);
      const { body } = await api.post('/donations/claims/', {}, heir.access).expect(201);
      expect(body).toEqual({ claimed: 0 });
      await runErasure(api);
    }
    expect(await erasures(api)).toEqual([]);
  });

  test('made after the account was deleted are another person’s', async () => {
    await verify(donor);
    for (let n = 0; n < 5; n += 1) await asGuest();
    await slow.delete('/parents/me/', donor.access).expect(204);
    await asGuest({ comment: 'stays' });
    await runErasure(api);
    expect((await listed(owner))[0]).toMatchObject({ donor_name: 'Zz-guest', comment: 'stays' });
  });
});
