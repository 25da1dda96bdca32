import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  addChild,
  donate,
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
  type TestChild,
  type TestParent,
} from './support/factories.js';

const PUBLIC_FORM = [
  'category',
  'child_name',
  'date_created',
  'deadline',
  'description',
  'donation_count',
  'goal',
  'has_deadline',
  'id',
  'image',
  'is_expired',
  'is_open',
  'percentage_raised',
  'seconds_remaining',
  'title',
  'total_raised',
];
const OWNERS_FORM = [...PUBLIC_FORM, 'child', 'close_at_deadline', 'close_when_funded'].sort();
const FULL_FORM = [...OWNERS_FORM, 'donations'].sort();
const NO_SUCH_IDS = [
  '0',
  '-1',
  '01',
  'abc',
  '1.5',
  '2147483647',
  '2147483648',
  `1${'0'.repeat(20)}`,
];

const keys = (form: object) => Object.keys(form).sort();

const api = useApi();
let parent: TestParent;
let child: TestChild;
let campaign: TestCampaign;
let stranger: TestParent;

beforeAll(async () => {
  ({ parent, child, campaign } = await openJar(api));
  stranger = await registerParent(api);
});

describe('who may do what', () => {
  const id = () => campaign.id;
  const input = { title: 'T', description: 'D', goal: 10, category: 'sports' };
  const endpoints: [string, string, (token?: string) => ReturnType<typeof api.get>][] = [
    ['list', 'children', (token) => api.get(`/children/${child.id}/campaigns/`, token)],
    ['create', 'children', (token) => api.post(`/children/${child.id}/campaigns/`, input, token)],
    ['put', 'campaigns', (token) => api.put(`/campaigns/${id()}/`, { title: 'Mine' }, token)],
    ['patch', 'campaigns', (token) => api.patch(`/campaigns/${id()}/`, { title: 'Mine' }, token)],
    ['delete', 'campaigns', (token) => api.delete(`/campaigns/${id()}/`, token)],
  ];

  test.each(endpoints)('%s of %s: 401 without a token', async (_verb, _of, send) => {
    const { body, headers } = await send().expect(401);
    expect(body).toEqual({ detail: expect.any(String), code: 'not_authenticated' });
    expect(headers['www-authenticate']).toBe('Bearer');
  });

  test.each(endpoints)('%s of %s: 401 with a bad token', async (_verb, _of, send) => {
    const { body } = await send('not.a.token').expect(401);
    expect(body.code).toBe('token_not_valid');
  });

  test.each(endpoints)('%s of %s: 403 for another parent', async (_verb, _of, send) => {
    const { body } = await send(stranger.access).expect(403);
    expect(body).toEqual({ detail: expect.any(String), code: 'permission_denied' });
    const seen = await api.get(`/campaigns/${campaign.id}/`).expect(200);
    expect(seen.body.title).toBe(campaign.title);
  });

  test('401 comes before 404, and 404 and 403 before field errors', async () => {
    await api.put('/campaigns/999999/', { goal: 'x' }).expect(401);
    await api.put('/campaigns/999999/', { goal: 'x' }, parent.access).expect(404);
    await api.put(`/campaigns/${campaign.id}/`, { goal: 'x' }, stranger.access).expect(403);
    await api.post('/children/999999/campaigns/', {}, parent.access).expect(404);
    await api.post(`/children/${child.id}/campaigns/`, {}, stranger.access).expect(403);
  });

  test('a bad token is refused on the public reads too', async () => {
    await api.get('/campaigns/', 'bad').expect(401);
    await api.get(`/campaigns/${campaign.id}/`, 'bad').expect(401);
  });

  test.each(NO_SUCH_IDS)('an id of %s gets 404 everywhere', async (none) => {
    const answers = await Promise.all([
      api.get(`/campaigns/${none}/`),
      api.get(`/campaigns/${none}/`, parent.access),
      api.put(`/campaigns/${none}/`, {}, parent.access),
      api.patch(`/campaigns/${none}/`, {}, parent.access),
      api.delete(`/campaigns/${none}/`, parent.access),
      api.get(`/children/${none}/campaigns/`, parent.access),
      api.post(`/children/${none}/campaigns/`, input, parent.access),
    ]);
    for (const { status, body } of answers)
      expect({ status, ...body }).toMatchObject({ status: 404, code: 'not_found' });
  });

  test.each([
    ['delete', '/campaigns/', 'GET, HEAD'],
    ['post', '/campaigns/', 'GET, HEAD'],
    ['post', '/campaigns/1/', 'GET, HEAD, PUT, PATCH, DELETE'],
    ['put', '/children/1/campaigns/', 'GET, HEAD, POST'],
  ] as const)('405 with Allow: %s %s', async (method, path, allow) => {
    const { headers, body } = await api[method](path).expect(405);
    expect(headers['allow']).toBe(allow);
    expect(body.code).toBe('method_not_allowed');
  });
});

describe('forms', () => {
  test('a new campaign comes back in the owner’s form, with defaults', async () => {
    const input = {
      title: ' Piano ',
      description: 'Line one\n\tline two',
      goal: '100000',
      category: 'education',
    };
    const path = `/children/${child.id}/campaigns`;
    const { body } = await api.post(path, input, parent.access).expect(201);
    expect(keys(body)).toEqual(OWNERS_FORM);
    expect(body).toMatchObject({
      child: child.id,
      child_name: 'Mia',
      title: 'Piano',
      description: 'Line one\n\tline two',
      goal: 100_000,
      total_raised: 0,
      donation_count: 0,
      percentage_raised: 0,
      image: null,
      is_open: true,
      has_deadline: false,
      deadline: null,
      is_expired: false,
      seconds_remaining: null,
      date_created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const listed = await api.get(path, parent.access).expect(200);
    expect(listed.body[0]).toEqual(body);
  });

  test('visitors and other parents see the public form, the owner the full one', async () => {
    const path = `/campaigns/${campaign.id}/`;
    const visitor = await api.get(path).expect(200);
    const other = await api.get(path, stranger.access).expect(200);
    const owner = await api.get(path, parent.access).expect(200);
    expect(keys(visitor.body)).toEqual(PUBLIC_FORM);
    expect(other.body).toEqual(visitor.body);
    expect(keys(owner.body)).toEqual(FULL_FORM);
    expect(owner.body).toEqual({
      ...visitor.body,
      child: child.id,
      close_at_deadline: false,
      close_when_funded: false,
      donations: [],
    });
  });

  test('browsing gives the public form, to the owner as well', async () => {
    for (const token of [undefined, parent.access]) {
      const { body } = await api.get('/campaigns/', token).expect(200);
      expect(body.length).toBeGreaterThan(0);
      for (const one of body) expect(keys(one)).toEqual(PUBLIC_FORM);
    }
  });

  test('the owner gets the newest 100 gifts, with who gave', async () => {
    const jar = await openJar(api);
    await api.database.sql(
      `INSERT INTO donations (campaign_id, amount, donor_name, donor_email, anonymous)
       SELECT $1, n, 'Guest ' || n, 'guest@example.org', n % 2 = 0 FROM generate_series(1, 104) n`,
      [jar.campaign.id],
    );
    const { id } = await donate(api, jar.campaign, { amount: 7, anonymous: true }, stranger);
    const { body } = await api.get(`/campaigns/${jar.campaign.id}/`, jar.parent.access).expect(200);
    expect(body).toMatchObject({ donation_count: 105, total_raised: 104 * 52.5 + 7 });
    expect(body.donations.map((gift: { amount: number }) => gift.amount)).toEqual([
      7,
      ...Array.from({ length: 99 }, (_, i) => 104 - i),
    ]);
    expect(body.donations[0]).toEqual({
      id,
      amount: 7,
      comment: '',
      anonymous: true,
      donor_name: 'A friend',
      date_donated: expect.stringMatching(/\.\d{3}Z$/),
      status: 'completed',
      refunded_amount: 0,
      donor: stranger.id,
      donor_email: stranger.email,
    });
    expect(body.donations[1]).toMatchObject({
      donor: null,
      donor_name: 'Guest 104',
      donor_email: 'guest@example.org',
    });
  });

  test.each([
    ['Mia Sommer', 'Mia'],
    ['Mia\u00a0Sommer', 'Mia'],
    ['Mia\u2003Sommer', 'Mia'],
    ['Mia\u3000Sommer', 'Mia'],
    ['Mia\u200bSommer', 'Mia'],
    ['Jean-Luc Picard', 'Jean-Luc'],
    ['Zoe\u0308 K', 'Zo\u00eb'],
    ['Li', 'Li'],
  ])('of the name %j the public sees %j', async (name, firstName) => {
    const kid = await addChild(api, parent, { name });
    const jar = await openCampaign(api, parent, kid);
    const { body } = await api.get(`/campaigns/${jar.id}/`).expect(200);
    expect(body.child_name).toBe(firstName);
  });
});

describe('closing and deleting', () => {
  test('a closed campaign is seen by its id and no longer browsed', async () => {
    const jar = await openJar(api);
    const closed = await api
      .put(`/campaigns/${jar.campaign.id}/`, { is_open: false }, jar.parent.access)
      .expect(200);
    expect(keys(closed.body)).toEqual(OWNERS_FORM);
    expect(closed.body.is_open).toBe(false);
    const seen = await api.get(`/campaigns/${jar.campaign.id}/`).expect(200);
    expect(seen.body.is_open).toBe(false);
    expect(await browsed()).not.toContain(jar.campaign.id);
    const path = `/children/${jar.child.id}/campaigns/`;
    expect((await api.get(path, jar.parent.access)).body).toEqual([closed.body]);
    await api
      .patch(`/campaigns/${jar.campaign.id}/`, { is_open: true }, jar.parent.access)
      .expect(200);
    expect(await browsed()).toContain(jar.campaign.id);
  });

  test('one may be opened closed', async () => {
    const closed = await openCampaign(api, parent, child, { is_open: false });
    expect(closed).toMatchObject({ is_open: false });
    expect(await browsed()).not.toContain(closed.id);
  });

  test('a deleted one is gone everywhere, and deleting it again gets 404', async () => {
    const { id } = await openCampaign(api, parent, child);
    const { text } = await api.delete(`/campaigns/${id}/`, parent.access).expect(204);
    expect(text).toBe('');
    await api.get(`/campaigns/${id}/`).expect(404);
    await api.delete(`/campaigns/${id}/`, parent.access).expect(404);
    expect(await browsed()).not.toContain(id);
  });

  async function browsed(): Promise<number[]> {
    const { body } = await api.get('/campaigns/').expect(200);
    return body.map((one: { id: number }) => one.id);
  }
});
