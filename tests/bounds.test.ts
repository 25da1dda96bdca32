import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { addChild, openCampaign, registerParent, yearsAgo } from './support/factories.js';

const api = useApi({ bounds: { children: 3, campaigns: 5, openCampaigns: 2 } });

const CHILD = { name: 'Ben Sommer', date_of_birth: yearsAgo(3) };
const CAMPAIGN = { title: 'Boots', description: 'Red.', goal: 90, category: 'sports' };

const statusesOf = async (requests: PromiseLike<{ status: number }>[]) =>
  (await Promise.all(requests)).map(({ status }) => status).sort();

test('a parent has so many children and no more, however many are added at once', async () => {
  const { access } = await registerParent(api);
  const add = () => api.post('/parents/me/children/', CHILD, access);
  expect(await statusesOf(Array.from({ length: 8 }, add))).toEqual([
    ...Array<number>(3).fill(201),
    ...Array<number>(5).fill(400),
  ]);
  const { body } = await add().expect(400);
  expect(body).toEqual({ non_field_errors: ['You can have 3 children at most.'] });
  const { body: children } = await api.get('/parents/me/children/', access).expect(200);
  expect(children).toHaveLength(3);
  await api.delete(`/children/${children[0].id}/`, access).expect(204);
  await add().expect(201);
});

test('a child has so many open campaigns, however many are opened or reopened at once', async () => {
  const parent = await registerParent(api);
  const child = await addChild(api, parent);
  const create = (fields: object = {}) =>
    api.post(`/children/${child.id}/campaigns/`, { ...CAMPAIGN, ...fields }, parent.access);
  expect(await statusesOf(Array.from({ length: 6 }, () => create()))).toEqual([
    ...Array<number>(2).fill(201),
    ...Array<number>(4).fill(400),
  ]);
  const { body } = await create().expect(400);
  expect(body).toEqual({
    non_field_errors: ['A child can have 2 open campaigns at most: close one first.'],
  });

  const closed = await Promise.all([1, 2].map(() => create({ is_open: false }).expect(201)));
  const ids = closed.map(({ body: campaign }) => campaign.id as number);
  const reopen = (id: number) => api.put(`/campaigns/${id}/`, { is_open: true }, parent.access);
  await reopen(ids[0]!).expect(400);
  const path = `/children/${child.id}/campaigns/`;
  const { body: campaigns } = await api.get(path, parent.access).expect(200);
  const open = campaigns.filter(({ is_open: isOpen }: { is_open: boolean }) => isOpen);
  expect(open).toHaveLength(2);
  // One that is open already is sent back as it is.
  await api.put(`/campaigns/${open[0].id}/`, { is_open: true }, parent.access).expect(200);
  await api.put(`/campaigns/${open[0].id}/`, { is_open: false }, parent.access).expect(200);
  expect(await statusesOf(ids.map(reopen))).toEqual([200, 400]);
});

test('a child has so many campaigns in all', async () => {
  const parent = await registerParent(api);
  const child = await addChild(api, parent);
  for (let i = 0; i < 5; i += 1) await openCampaign(api, parent, child, { is_open: false });
  const refused = await api
    .post(`/children/${child.id}/campaigns/`, { ...CAMPAIGN, is_open: false }, parent.access)
    .expect(400);
  expect(refused.body).toEqual({ non_field_errors: ['A child can have 5 campaigns at most.'] });
});

test('an exceeded bound is reported together with bad fields', async () => {
  const parent = await registerParent(api);
  const token = parent.access;
  const children = [];
  for (let i = 0; i < 3; i += 1) children.push(await addChild(api, parent));
  const more = await api.post('/parents/me/children/', { name: 'B' }, token).expect(400);
  expect(Object.keys(more.body).sort()).toEqual(['date_of_birth', 'name', 'non_field_errors']);

  const child = children[0]!;
  const closed = await openCampaign(api, parent, child, { is_open: false });
  for (let i = 0; i < 2; i += 1) await openCampaign(api, parent, child);
  const path = `/children/${child.id}/campaigns/`;
  const create = (fields: object) => api.post(path, { ...CAMPAIGN, ...fields }, token).expect(400);
  const tooManyOpen = ['A child can have 2 open campaigns at most: close one first.'];
  const open = await create({ goal: 0 });
  expect(open.body).toEqual({ goal: [expect.any(String)], non_field_errors: tooManyOpen });
  expect((await create({ goal: 0, is_open: false })).body).not.toHaveProperty('non_field_errors');
  const reopen = { is_open: true, goal: 0 };
  const reopened = await api.put(`/campaigns/${closed.id}/`, reopen, token).expect(400);
  expect(reopened.body).toEqual({ goal: [expect.any(String)], non_field_errors: tooManyOpen });

  for (let i = 0; i < 2; i += 1) await openCampaign(api, parent, child, { is_open: false });
  expect((await create({ goal: 0, is_open: false })).body).toEqual({
    goal: [expect.any(String)],
    non_field_errors: ['A child can have 5 campaigns at most.'],
  });
});
