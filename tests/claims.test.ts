import { beforeEach, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  donate,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';

const api = useApi({ bounds: { claims: 6 } });
let owner: TestParent;
let campaign: TestCampaign;
let parent: TestParent;

beforeEach(async () => {
  ({ parent: owner, campaign } = await openJar(api));
  parent = await registerParent(api);
  await verify(parent);
});

const verify = ({ id }: TestParent) =>
  api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [id]);

/** A gift that a guest made with an address, however written. */
const giftWith = async (email: string, fields: object = {}) =>
  (await donate(api, campaign, { donor_email: email, ...fields })).id;

const claimable = async ({ access }: TestParent): Promise<number[]> => {
  const { body } = await api.get('/donations/claimable/', access).expect(200);
  return (body as { id: number }[]).map(({ id }) => id);
};
const claim = ({ access }: TestParent, body: object = {}) =>
  api.post('/donations/claims/', body, access);
const history = async ({ access }: TestParent): Promise<number[]> => {
  const { body } = await api.get('/donations/', access).expect(200);
  return (body as { id: number }[]).map(({ id }) => id);
};
const totalsOf = ({ id }: TestCampaign) =>
  api.database.sql(
    `SELECT total_raised, net_raised, donation_count, xmin::text FROM campaigns WHERE id = $1`,
    [id],
  );
/** A guest's gift that never came to be completed. */
const begin = async (status: string) => {
  const [gift] = await api.database.sql<{ id: number }>(
    `INSERT INTO donations (campaign_id, amount, donor_name, donor_email, status)
     VALUES ($1, 5, 'Me', $2, $3) RETURNING id`,
    [campaign.id, parent.email, status],
  );
  return gift!.id;
};

describe('what is claimable', () => {
  test('the guest gifts with the parent’s address, whatever its case, newest first, in the donor’s form', async () => {
    const first = await giftWith(parent.email, { amount: 5, comment: 'Go!', donor_name: 'Me' });
    const second = await giftWith(parent.email.toUpperCase(), { anonymous: true });
    await giftWith('someone@example.org');
    await donate(api, campaign, {}, parent);
    const { body } = await api.get('/donations/claimable/', parent.access).expect(200);
    expect(body.map(({ id }: { id: number }) => id)).toEqual([second, first]);
    expect(body[1]).toEqual({
      id: first,
      amount: 5,
      comment: 'Go!',
      anonymous: false,
      donor_name: 'Me',
      donor_email: parent.email,
      date_donated: expect.any(String),
      status: 'completed',
      refunded_amount: 0,
      campaign: { id: campaign.id, title: campaign.title, goal: 400, child_name: 'Mia' },
    });
  });

  test('in pages that lead to one another', async () => {
    const gifts = [];
    for (let n = 0; n < 3; n += 1) gifts.unshift(await giftWith(parent.email));
    const path = '/donations/claimable/?page_size=2';
    const first = await api.get(path, parent.access).expect(200);
    const [, next = ''] = /<(.*)>/.exec(first.headers.link as string) ?? [];
    const { pathname, search } = new URL(next, api.address);
    const second = await api.get(pathname + search, parent.access).expect(200);
    const ids = [...first.body, ...second.body].map(({ id }: { id: number }) => id);
    expect(ids).toEqual(gifts);
    expect(second.headers.link).toBeUndefined();
    await api.get('/donations/claimable/?cursor=x', parent.access).expect(400);
  });

  test('nothing until the address is verified, and nothing of a former one', async () => {
    const unverified = await registerParent(api);
    await giftWith(unverified.email);
    expect(await claimable(unverified)).toEqual([]);
    await verify(unverified);
    expect(await claimable(unverified)).toHaveLength(1);

    const email = `moved-${unverified.email}`;
    await api.put('/parents/me/', { email }, unverified.access).expect(200);
    await verify(unverified);
    expect(await claimable(unverified)).toEqual([]);
    expect((await claim(unverified).expect(201)).body).toEqual({ claimed: 0 });
  });

  test.each(['pending', 'failed', 'expired'])('no gift that is %s', async (status) => {
    const gift = await begin(status);
    expect(await claimable(parent)).toEqual([]);
    await claim(parent, { donations: [gift] }).expect(400);
    expect((await claim(parent).expect(201)).body).toEqual({ claimed: 0 });
  });

  test('giving with somebody’s address attaches to nothing by itself', async () => {
    const gift = await giftWith(parent.email);
    expect(await history(parent)).toEqual([]);
    const { body } = await api.get(`/campaigns/${campaign.id}/donations/`, owner.access);
    expect(body[0]).toMatchObject({ id: gift, donor: null, donor_email: parent.email });
  });
});

describe('claiming', () => {
  test('all that is claimable, and then nothing is', async () => {
    const gifts = [await giftWith(parent.email), await giftWith(parent.email.toUpperCase())];
    const foreign = await giftWith('someone@example.org');
    expect((await claim(parent).expect(201)).body).toEqual({ claimed: 2 });
    expect(await history(parent)).toEqual(gifts.reverse());
    expect(await claimable(parent)).toEqual([]);
    expect((await claim(parent).expect(201)).body).toEqual({ claimed: 0 });
    const [kept] = await api.database.sql(
      'SELECT donor_id, donor_email FROM donations WHERE id = $1',
      [foreign],
    );
    expect(kept).toEqual({ donor_id: null, donor_email: 'someone@example.org' });
  });

  test('the newest first, so many at a time, until all are claimed', async () => {
    const gifts = [];
    for (let n = 0; n < 8; n += 1) gifts.push(await giftWith(parent.email));
    expect((await claim(parent).expect(201)).body).toEqual({ claimed: 6 });
    expect(await claimable(parent)).toEqual([gifts[1], gifts[0]]);
    expect((await claim(parent).expect(201)).body).toEqual({ claimed: 2 });
    expect(await history(parent)).toEqual(gifts.reverse());
    expect((await claim(parent).expect(201)).body).toEqual({ claimed: 0 });
  });

  test('the named ones only, each once however often it is named', async () => {
    const [one, other] = [await giftWith(parent.email), await giftWith(parent.email)];
    const { body } = await claim(parent, { donations: [one, one] }).expect(201);
    expect(body).toEqual({ claimed: 1 });
    expect(await history(parent)).toEqual([one]);
    expect(await claimable(parent)).toEqual([other]);
  });

  test('the campaign’s owner sees the donor, under the name that was given; no total moves', async () => {
    const gift = await giftWith(parent.email, { donor_name: 'Aunt Kate' });
    const before = await totalsOf(campaign);
    await claim(parent).expect(201);
    expect(await totalsOf(campaign)).toEqual(before);
    const { body } = await api.get(`/campaigns/${campaign.id}/donations/`, owner.access);
    expect(body[0]).toMatchObject({
      id: gift,
      donor: parent.id,
      donor_name: 'Aunt Kate',
      donor_email: parent.email,
    });
  });

  test('a claimed gift is scrubbed with the account', async () => {
    const gift = await giftWith(parent.email, { comment: 'From Kate' });
    await claim(parent).expect(201);
    await api.delete('/parents/me/', parent.access).expect(204);
    const [row] = await api.database.sql(
      'SELECT donor_id, donor_name, donor_email, comment, amount FROM donations WHERE id = $1',
      [gift],
    );
    expect(row).toEqual({
      donor_id: null,
      donor_name: null,
      donor_email: null,
      comment: '',
      amount: 25,
    });
  });

  test('all that are named or none: absent, another’s, claimed by oneself or by another', async () => {
    const stranger = await registerParent(api);
    const mine = await giftWith(parent.email);
    const claimed = await giftWith(parent.email);
    await claim(parent, { donations: [claimed] }).expect(201);
    const given = (await donate(api, campaign, {}, stranger)).id;
    const foreign = await giftWith(stranger.email);
    for (const bad of [2 ** 31 - 1, claimed, given, foreign]) {
      const { body } = await claim(parent, { donations: [mine, bad] }).expect(400);
      expect(body).toEqual({ donations: [expect.any(String)] });
      expect(await claimable(parent)).toEqual([mine]);
    }
  });

  test.each([
    ['an empty list', []],
    ['null', null],
    ['text', '1'],
    ['an object', {}],
    ['zero', [0]],
    ['digits', ['1']],
    ['a fraction', [1.5]],
    ['more than an id can be', [2 ** 31]],
    ['more than 100', Array.from({ length: 101 }, (_, n) => n + 1)],
  ])('refuses %s', async (_what, donations) => {
    const { body } = await claim(parent, { donations }).expect(400);
    expect(Object.keys(body)).toEqual(['donations']);
  });

  test('an unverified parent is refused before any field is looked at', async () => {
    const unverified = await registerParent(api);
    const gift = await giftWith(unverified.email);
    for (const body of [{}, { donations: [gift] }, { donations: 'x' }]) {
      const answer = await claim(unverified, body).expect(403);
      expect(answer.body).toEqual({ code: 'email_not_verified', detail: expect.any(String) });
    }
    await verify(unverified);
    expect(await claimable(unverified)).toEqual([gift]);
  });

  test('a visitor is refused', async () => {
    await api.get('/donations/claimable/').expect(401);
    await api.post('/donations/claims/').expect(401);
  });
});

describe('at the same moment', () => {
  test('parallel claims count each gift once', async () => {
    const gifts = [];
    for (let n = 0; n < 5; n += 1) gifts.push(await giftWith(parent.email));
    const answers = await Promise.all(Array.from({ length: 8 }, () => claim(parent).expect(201)));
    expect(answers.reduce((sum, { body }) => sum + Number(body.claimed), 0)).toBe(5);
    expect(await history(parent)).toEqual(gifts.reverse());
  });

  test('of parallel claims of the same gifts one succeeds', async () => {
    const donations = [await giftWith(parent.email), await giftWith(parent.email)];
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => (await claim(parent, { donations })).status),
    );
    expect(answers.sort()).toEqual([201, 400, 400, 400, 400, 400]);
  });

  test('a claim that waits for a change of the address sees it', async () => {
    await giftWith(parent.email);
    let moved: PromiseLike<unknown> = Promise.resolve();
    await api.db.transaction(async (tx) => {
      await tx.parent.update({
        where: { id: parent.id },
        data: { email: `other-${parent.email}`, emailVerifiedAt: null },
      });
      moved = Promise.resolve(claim(parent).expect(403));
      await expect
        .poll(() =>
          api.database.sql(
            `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          ),
        )
        .toHaveLength(1);
    });
    await moved;
    const guests = await api.database.sql(
      'SELECT 1 FROM donations WHERE donor_email = $1 AND donor_id IS NULL',
      [parent.email],
    );
    expect(guests).toHaveLength(1);
  });

  test('the same key claims once, and a claim that was refused is not remembered', async () => {
    const gift = await giftWith(parent.email);
    const send = (donations: number[]) =>
      claim(parent, { donations }).set('Idempotency-Key', `claim-${gift}`);
    await send([gift, 2 ** 31 - 1]).expect(400);
    expect(await claimable(parent)).toEqual([gift]);
    const first = await send([gift]).expect(201);
    const second = await send([gift]).expect(201);
    expect([first.body, second.body]).toEqual([{ claimed: 1 }, { claimed: 1 }]);
    expect(second.headers['idempotent-replayed']).toBe('true');
  });
});
