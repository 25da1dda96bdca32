import { beforeEach, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { erasures, runErasure, runForgetting } from './support/erasing.js';
import {
  donate,
  guestGift,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';

const api = useApi({ caching: true });

/** A deletion erases two donations at once, and leaves the others to the job. */
const slow = useApi({ on: () => api.database, erasure: { batch: 2 } });

const FORMER = { donor_name: 'Former member', comment: '' };

let owner: TestParent;
let campaign: TestCampaign;
let counter = 0;

beforeEach(async () => {
  ({ parent: owner, campaign } = await openJar(api));
  counter += 1;
});

const address = (name: string) => `zz-${name}-${process.pid}-${counter}@example.com`;

const gift = (donor_email: string, fields: object = {}) =>
  guestGift({ donor_name: 'Zz-guest', donor_email, comment: 'zz-words', ...fields });

const listed = async (as?: TestParent) =>
  (await slow.get(`/campaigns/${campaign.id}/donations/`, as?.access).expect(200)).body;

/** As a mailed code does; there is no worker here, which would also do the job of erasing. */
const verify = ({ id }: TestParent) =>
  api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [id]);

async function verified(email: string): Promise<TestParent> {
  const parent = await registerParent(api, { email });
  await verify(parent);
  return parent;
}

const move = ({ access }: TestParent, email: string) =>
  api.patch('/parents/me/', { email }, access).expect(200);

const remove = ({ access }: TestParent, from = api) =>
  from.delete('/parents/me/', access).expect(204);

test('what a guest gave with the address just left is erased with the account', async () => {
  const left = address('left');
  await api
    .post(`/campaigns/${campaign.id}/donations/`, gift(left.toUpperCase()))
    .set('Idempotency-Key', `key-${left}`)
    .expect(201);
  await donate(api, campaign, gift(left, { anonymous: true }));
  const donor = await verified(left);
  await move(donor, address('new'));
  await donate(api, campaign, gift(left));
  await remove(donor);

  expect(await listed()).toMatchObject([
    FORMER,
    { donor_name: 'Anonymous', comment: 'zz-words' },
    FORMER,
  ]);
  const nobody = { donor_email: null };
  expect(await listed(owner)).toMatchObject([nobody, nobody, nobody]);
  await runForgetting(api);
  expect(
    await api.database.sql(
      `SELECT row_to_json(d)::text FROM donations d WHERE campaign_id = $1 AND row_to_json(d)::text ILIKE '%zz-%'
       UNION ALL SELECT answer::text FROM idempotent_requests WHERE answer::text ILIKE '%' || $2 || '%'`,
      [campaign.id, left],
    ),
  ).toEqual([]);
});

test('so is what was given with any address that the account could still return to, however much', async () => {
  const addresses = [address('first'), address('second'), address('third')];
  for (const email of addresses)
    for (let n = 0; n < 3; n += 1) await donate(api, campaign, gift(email));
  const donor = await verified(addresses[0]!);
  for (const email of addresses.slice(1)) {
    await move(donor, email);
    await verify(donor);
  }
  await remove(donor, slow);
  expect((await erasures(api)).map((erasure) => erasure.address).sort()).toEqual(addresses);
  for (const _time of ['before', 'after']) {
    const erased = Array<object>(9).fill({ ...FORMER, donor_email: null });
    expect(await listed(owner)).toMatchObject(erased);
    await runErasure(api);
  }
  expect(await erasures(api)).toEqual([]);
});

test('what was given with an address that was never verified, or left too long ago, stays', async () => {
  const [old, unproven] = [address('old'), address('unproven')];
  const donor = await verified(old);
  await move(donor, unproven);
  await api.database.sql('UPDATE email_undos SET expires_at = now() WHERE parent_id = $1', [
    donor.id,
  ]);
  await move(donor, address('new'));
  await donate(api, campaign, gift(old));
  await donate(api, campaign, gift(unproven));
  await remove(donor);
  expect(await listed(owner)).toMatchObject([
    { donor_name: 'Zz-guest', donor_email: unproven, comment: 'zz-words' },
    { donor_name: 'Zz-guest', donor_email: old, comment: 'zz-words' },
  ]);
});

test('what the next owner of the address gives stays, and can be claimed', async () => {
  const left = address('left');
  for (let n = 0; n < 5; n += 1) await donate(api, campaign, gift(left));
  const donor = await verified(left);
  await move(donor, address('new'));
  await remove(donor, slow);
  const heir = await verified(left);
  const own = await donate(api, campaign, gift(left));
  for (const _time of ['before', 'after']) {
    expect(await listed(owner)).toMatchObject([
      { donor_name: 'Zz-guest', donor_email: left, comment: 'zz-words' },
      ...Array<object>(5).fill({ ...FORMER, donor_email: null }),
    ]);
    const { body } = await api.get('/donations/claimable/', heir.access).expect(200);
    expect(body).toMatchObject([{ id: own.id }]);
    await runErasure(api);
  }
});
