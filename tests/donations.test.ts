import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  donate,
  guestGift,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';

const PUBLIC_FORM = ['amount', 'anonymous', 'comment', 'date_donated', 'donor_name', 'id'];
const COURSE = ['status', 'refunded_amount'];
const OWNERS_FORM = [...PUBLIC_FORM, ...COURSE, 'donor', 'donor_email'].sort();
const DONORS_FORM = [...PUBLIC_FORM, ...COURSE, 'campaign', 'donor_email'].sort();
const MOMENT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

const keys = (form: object) => Object.keys(form).sort();

const api = useApi();
let owner: TestParent;
let donor: TestParent;
let campaign: TestCampaign;

beforeAll(async () => {
  ({ parent: owner, campaign } = await openJar(api));
  donor = await registerParent(api, { first_name: 'Dora', last_name: 'Private' });
});

const path = () => `/campaigns/${campaign.id}/donations/`;
const give = (fields: object, token?: string) => api.post(path(), fields, token);
const errorsOn = (...fields: string[]) =>
  Object.fromEntries(fields.map((field) => [field, [expect.any(String)]]));

describe('giving', () => {
  test('a guest gets the gift back in the donor’s form', async () => {
    const { body } = await give(guestGift({ comment: ' Good\nluck ' })).expect(201);
    expect(body).toEqual({
      id: expect.any(Number),
      amount: 25,
      comment: 'Good\nluck',
      anonymous: false,
      donor_name: 'Aunt Kate',
      donor_email: 'kate@example.org',
      date_donated: MOMENT,
      status: 'completed',
      refunded_amount: 0,
      campaign: { id: campaign.id, title: campaign.title, goal: 400, child_name: 'Mia' },
    });
    expect(keys(body)).toEqual(DONORS_FORM);
  });

  test.each([
    [{}, 'Dora'],
    [{ donor_name: '' }, 'Dora'],
    [{ donor_name: '  ' }, 'Dora'],
    [{ donor_name: null }, 'Dora'],
    [{ donor_name: ' The  Privates ' }, 'The  Privates'],
    [{ donor_name: 'x'.repeat(100) }, 'x'.repeat(100)],
    [{ anonymous: true }, 'Anonymous'],
    [{ donor_email: 'other@example.org' }, 'Dora'],
    [{ donor_email: 'no address' }, 'Dora'],
    [{ donor: 1, donor_id: 1, campaign: 1, id: 1, date_donated: '2001-01-01', parent: 1 }, 'Dora'],
  ])('a parent gives with %j as %j', async (fields, name) => {
    const { body } = await give({ amount: 5, ...fields }, donor.access).expect(201);
    expect(keys(body)).toEqual(DONORS_FORM);
    expect(body).toMatchObject({ donor_name: name, donor_email: donor.email, comment: '' });
    expect(body.campaign.id).toBe(campaign.id);
    const seen = await api.get(path(), owner.access).expect(200);
    expect(seen.body[0]).toMatchObject({ id: body.id, donor: donor.id, donor_email: donor.email });
  });

  test('the name is the first name, however long, else a friend’s', async () => {
    const long = await registerParent(api, { first_name: 'é'.repeat(150), last_name: 'Known' });
    const nameless = await registerParent(api, { last_name: 'Secret' });
    expect((await give({ amount: 1 }, long.access).expect(201)).body.donor_name).toBe(
      'é'.repeat(150),
    );
    expect((await give({ amount: 1 }, nameless.access).expect(201)).body.donor_name).toBe(
      'A friend',
    );
  });

  test('the owner may give as well', async () => {
    const { body } = await give({ amount: 1 }, owner.access).expect(201);
    expect(body.donor_email).toBe(owner.email);
  });
});

describe('what is refused', () => {
  test.each([
    [{}, ['amount', 'donor_name', 'donor_email']],
    [{ anonymous: true }, ['amount', 'donor_name', 'donor_email']],
    [{ amount: 5, anonymous: true, donor_name: 'A' }, ['donor_email']],
    [{ amount: 5, anonymous: true, donor_email: 'a@example.org' }, ['donor_name']],
    [{ amount: 5, donor_name: ' ', donor_email: '' }, ['donor_name', 'donor_email']],
    [{ amount: 5, donor_name: null, donor_email: null }, ['donor_name', 'donor_email']],
    [guestGift({ donor_name: 'x'.repeat(101) }), ['donor_name']],
    [guestGift({ donor_name: 'a\nb' }), ['donor_name']],
    [guestGift({ donor_name: 5, donor_email: ['a@example.org'] }), ['donor_name', 'donor_email']],
    [guestGift({ donor_email: 'no address' }), ['donor_email']],
    [guestGift({ donor_email: `${'x'.repeat(250)}@a.de` }), ['donor_email']],
    [guestGift({ comment: 'x'.repeat(201) }), ['comment']],
    [guestGift({ comment: 'a\u0000b' }), ['comment']],
    [guestGift({ comment: 5 }), ['comment']],
    [guestGift({ anonymous: 'true' }), ['anonymous']],
    [guestGift({ anonymous: 1 }), ['anonymous']],
    [
      { amount: 0, comment: {}, anonymous: 'no', donor_name: 5, donor_email: 'x' },
      ['amount', 'comment', 'anonymous', 'donor_name', 'donor_email'],
    ],
  ])('%j', async (fields, refused) => {
    const { body } = await give(fields).expect(400);
    expect(body).toEqual(errorsOn(...refused));
  });

  test.each([
    1.5,
    '1.5',
    '+5',
    '5 ',
    '',
    '0',
    '0000001',
    '1e2',
    true,
    [5],
    {},
    null,
    1e20,
    100_001,
    0,
    -1,
    2 ** 31,
  ])('an amount of %j, from guests and parents alike', async (amount) => {
    expect((await give(guestGift({ amount })).expect(400)).body).toEqual(errorsOn('amount'));
    expect((await give({ amount }, donor.access).expect(400)).body).toEqual(errorsOn('amount'));
  });

  test.each([
    [{ amount: '000100' }, { amount: 100 }],
    [{ amount: 100_000 }, { amount: 100_000 }],
    [{ comment: '😀'.repeat(200) }, { comment: '😀'.repeat(200) }],
    [{ comment: null }, { comment: '' }],
    [{ comment: ' <b>e\u0301</b> ' }, { comment: '<b>é</b>' }],
    [{ donor_name: '😀'.repeat(100) }, { donor_name: '😀'.repeat(100) }],
  ])('but not %j', async (fields, stored) => {
    expect((await give(guestGift(fields)).expect(201)).body).toMatchObject(stored);
  });

  test('401, 404 and 405; a token on a public list must be good too', async () => {
    await give(guestGift(), 'bad').expect(401);
    await api.get(path(), 'bad').expect(401);
    expect((await api.get('/donations/').expect(401)).body.code).toBe('not_authenticated');
    for (const id of ['999999', '0', 'abc', '1'.repeat(21)]) {
      for (const body of [{}, guestGift()])
        await api.post(`/campaigns/${id}/donations/`, body).expect(404);
      await api.get(`/campaigns/${id}/donations/`).expect(404);
      await api.get(`/campaigns/${id}/donations/?page_size=x`).expect(404);
    }
    expect((await api.put(path()).expect(405)).headers['allow']).toBe('GET, HEAD, POST');
    expect((await api.post('/donations/').expect(405)).headers['allow']).toBe('GET, HEAD');
  });

  test('a closed campaign: field errors first, then 409; nothing is stored', async () => {
    const jar = await openJar(api, { is_open: false });
    const closed = `/campaigns/${jar.campaign.id}/donations/`;
    expect((await api.post(closed, {}).expect(400)).body).toHaveProperty('amount');
    for (const token of [undefined, donor.access, jar.parent.access]) {
      const { body } = await api.post(closed, guestGift(), token).expect(409);
      expect(body).toEqual({ detail: expect.any(String), code: 'campaign_closed' });
    }
    expect((await api.get(closed).expect(200)).body).toEqual([]);
  });
});

describe('who sees what', () => {
  test('the public sees names but those of anonymous gifts, the owner who gave, the donor the own history', async () => {
    const jar = await openJar(api);
    const guest = await donate(api, jar.campaign, { comment: 'From afar' });
    const hidden = await donate(api, jar.campaign, { anonymous: true, donor_name: 'Hidden Guest' });
    const parents = await donate(api, jar.campaign, {}, donor);
    const secret = await donate(
      api,
      jar.campaign,
      { anonymous: true, donor_name: 'Secret Dora' },
      donor,
    );
    const list = `/campaigns/${jar.campaign.id}/donations/`;
    const ids = [secret.id, parents.id, hidden.id, guest.id];

    for (const token of [undefined, donor.access]) {
      const { body, text } = await api.get(list, token).expect(200);
      expect(body.map(({ id }: TestCampaign) => id)).toEqual(ids);
      for (const one of body) expect(keys(one)).toEqual(PUBLIC_FORM);
      const names = body.map((one: { donor_name: string }) => one.donor_name);
      expect(names).toEqual(['Anonymous', 'Dora', 'Anonymous', 'Aunt Kate']);
      expect(text).not.toMatch(/Hidden|Secret|@|Private/);
    }

    const owners = await api.get(list, jar.parent.access).expect(200);
    for (const one of owners.body) expect(keys(one)).toEqual(OWNERS_FORM);
    expect(owners.body).toMatchObject([
      { donor_name: 'Secret Dora', donor: donor.id, donor_email: donor.email, anonymous: true },
      { donor_name: 'Dora', donor: donor.id, donor_email: donor.email, anonymous: false },
      { donor_name: 'Hidden Guest', donor: null, donor_email: 'kate@example.org', anonymous: true },
      {
        donor_name: 'Aunt Kate',
        donor: null,
        donor_email: 'kate@example.org',
        comment: 'From afar',
      },
    ]);
    const full = await api.get(`/campaigns/${jar.campaign.id}/`, jar.parent.access);
    expect(full.body.donations).toEqual(owners.body);

    const history = await api.get('/donations/', donor.access).expect(200);
    for (const one of history.body) expect(keys(one)).toEqual(DONORS_FORM);
    expect(history.body.slice(0, 2)).toMatchObject([
      { id: secret.id, donor_name: 'Secret Dora', donor_email: donor.email, anonymous: true },
      {
        id: parents.id,
        campaign: { id: jar.campaign.id, title: jar.campaign.title, goal: 400, child_name: 'Mia' },
      },
    ]);
    expect((await api.get('/donations/', jar.parent.access).expect(200)).body).toEqual([]);
  });
});

describe('totals', () => {
  test('move at once, everywhere', async () => {
    const jar = await openJar(api, { goal: 300 });
    const { access } = jar.parent;
    const expectTotals = async (total: number, count: number, percentage: number) => {
      const places = await Promise.all([
        api.get(`/campaigns/${jar.campaign.id}/`),
        api.get(`/campaigns/${jar.campaign.id}/`, access),
        api.get('/campaigns/?sort=newest&page_size=1').then(({ body }) => ({ body: body[0] })),
        api
          .get(`/children/${jar.child.id}/`, access)
          .then(({ body }) => ({ body: body.campaigns[0] })),
        api
          .get('/parents/me/', access)
          .then(({ body }) => ({ body: body.children[0].campaigns[0] })),
        api
          .get('/parents/me/children/', access)
          .then(({ body }) => ({ body: body[0].campaigns[0] })),
        api
          .get(`/children/${jar.child.id}/campaigns/`, access)
          .then(({ body }) => ({ body: body[0] })),
        api.patch(`/campaigns/${jar.campaign.id}/`, {}, access),
      ]);
      const totals = {
        id: jar.campaign.id,
        total_raised: total,
        donation_count: count,
        percentage_raised: percentage,
      };
      for (const { body } of places) expect(body).toMatchObject(totals);
    };
    await expectTotals(0, 0, 0);
    await donate(api, jar.campaign, { amount: 100 });
    await expectTotals(100, 1, 33.3);
    await donate(api, jar.campaign, { amount: 100, anonymous: true }, donor);
    await expectTotals(200, 2, 66.7);
    await donate(api, jar.campaign, { amount: 100_000 }, donor);
    await expectTotals(100_200, 3, 33_400);
    expect((await api.get('/donations/', donor.access)).body[0]).toMatchObject({ amount: 100_000 });
  });

  test.each([
    [2000, 1, 0.1],
    [2001, 1, 0],
    [1999, 1, 0.1],
    [100_000, 49, 0],
    [100_000, 50, 0.1],
    [100_000, 149, 0.1],
    [100_000, 150, 0.2],
    [100_000, 99_949, 99.9],
    [100_000, 99_950, 100],
    [2000, 1999, 100],
    [2000, 23, 1.2],
    [2000, 5, 0.3],
    [400, 115, 28.8],
    [80, 23, 28.8],
    [3, 1, 33.3],
    [3, 2, 66.7],
    [6, 1, 16.7],
    [7, 7, 100],
    [8, 9, 112.5],
    [1, 100_000, 10_000_000],
    [99_999, 100_000, 100],
  ])('of a goal of %d, %d is %d percent', async (goal, amount, percentage) => {
    const jar = await openJar(api, { goal });
    await donate(api, jar.campaign, { amount });
    const { body } = await api.get(`/campaigns/${jar.campaign.id}/`).expect(200);
    expect(body).toMatchObject({ total_raised: amount, percentage_raised: percentage });
  });
});
