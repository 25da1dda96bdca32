import { describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { addChild, donate, openCampaign, openJar } from './support/factories.js';
import { SOON } from './support/patience.js';

const api = useApi({ caching: true });
/** Another process, which must hear of each change. */
const other = useApi({ caching: true, on: () => api.database });
/** A third one: of what it writes both must hear. */
const writer = useApi({ on: () => api.database });

test('changing a closed campaign leaves the lists in memory, here and elsewhere', async () => {
  const { parent, child, campaign } = await openJar(api);
  const closed = await openCampaign(api, parent, child, { is_open: false });
  const path = `/campaigns/${closed.id}/`;
  const titleAt = async (from: typeof api) =>
    ((await from.get(path).expect(200)).body as { title: string }).title;
  for (const from of [api, other]) {
    await expect
      .poll(
        async () => ((await from.get('/campaigns/')).body as { id: number }[]).map(({ id }) => id),
        SOON,
      )
      .toEqual([campaign.id]);
    expect(await titleAt(from)).toBe(closed.title);
  }

  await api.patch(path, { title: 'Renamed' }, parent.access).expect(200);
  expect(await titleAt(api)).toBe('Renamed');
  await expect.poll(() => titleAt(other), SOON).toBe('Renamed');
  for (const from of [api, other]) {
    const { hit } = from.counted;
    await from.get('/campaigns/').expect(200);
    expect(from.counted.hit).toBe(hit + 1);
  }

  await api.patch(path, { is_open: true }, parent.access).expect(200);
  for (const from of [api, other]) {
    await expect
      .poll(async () => ((await from.get('/campaigns/')).body as unknown[]).length, SOON)
      .toBe(2);
  }
});

/** A child with an open and a closed campaign, another with a closed one, and a list in memory. */
async function openScene() {
  const { parent, child, campaign } = await openJar(api);
  const closed = await openCampaign(api, parent, child, { is_open: false });
  const second = await addChild(api, parent);
  const old = await openCampaign(api, parent, second, { is_open: false });
  const gift = await donate(api, campaign);
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [parent.id]);
  await everyoneHeard(closed, parent.access);
  return { parent, child, campaign, closed, second, old, gift };
}
type Scene = Awaited<ReturnType<typeof openScene>>;

let serial = 0;

/** Makes one more change, and waits until both processes show it: by then they know all earlier ones. */
async function everyoneHeard({ id }: { id: number }, access: string): Promise<void> {
  const title = `Heard ${(serial += 1)}`;
  await writer.patch(`/campaigns/${id}/`, { title }, access).expect(200);
  const titleAt = async (from: typeof api) =>
    ((await from.get(`/campaigns/${id}/`)).body as { title: string }).title;
  for (const from of [api, other]) await expect.poll(() => titleAt(from), SOON).toBe(title);
}

const LISTS = ['/campaigns/', '/campaigns/?category=health'];

async function missesAfter(scene: Scene, write: () => Promise<unknown>, lists = LISTS) {
  for (const from of [api, other]) for (const path of lists) await from.get(path).expect(200);
  await write();
  await everyoneHeard(scene.closed, scene.parent.access);
  const misses: string[] = [];
  for (const from of [api, other]) {
    for (const path of lists) {
      const { miss } = from.counted;
      await from.get(path).expect(200);
      if (from.counted.miss > miss) misses.push(`${from === api ? 'here' : 'elsewhere'} ${path}`);
    }
  }
  return misses;
}

describe('what changes nothing that lists show leaves them in memory, here and elsewhere', () => {
  const writes: Record<string, (scene: Scene) => Promise<unknown>> = {
    "a child's gender": ({ child, parent }) =>
      api.patch(`/children/${child.id}/`, { gender: 'female' }, parent.access).expect(200),
    'no field of a child': ({ child, parent }) =>
      api.patch(`/children/${child.id}/`, {}, parent.access).expect(200),
    'no field of a campaign': ({ campaign, parent }) =>
      api.patch(`/campaigns/${campaign.id}/`, {}, parent.access).expect(200),
    'fields of a campaign as they are': ({ campaign: { id, title }, parent }) =>
      api
        .patch(`/campaigns/${id}/`, { title, image: null, deadline: null }, parent.access)
        .expect(200),
    'a wish that nobody sees': ({ campaign, parent }) =>
      api
        .patch(`/campaigns/${campaign.id}/`, { close_when_funded: true }, parent.access)
        .expect(200),
    'a claim': ({ parent }) => api.post('/donations/claims/', {}, parent.access).expect(201),
    'a new closed campaign': ({ parent, child }) =>
      openCampaign(api, parent, child, { is_open: false }),
    'the end of a closed campaign': ({ old, parent }) =>
      api.delete(`/campaigns/${old.id}/`, parent.access).expect(204),
    'the end of a child': ({ second, parent }) =>
      api.delete(`/children/${second.id}/`, parent.access).expect(204),
  };

  test.each(Object.entries(writes))('%s', async (_name, write) => {
    const scene = await openScene();
    expect(await missesAfter(scene, () => write(scene))).toEqual([]);
  });

  test('a refund, of lists that depend on no gift', async () => {
    const scene = await openScene();
    const { gift, parent } = scene;
    const refund = () => api.post(`/donations/${gift.id}/refunds/`, {}, parent.access).expect(201);
    expect(await missesAfter(scene, refund, ['/campaigns/?category=health'])).toEqual([]);
  });
});

test.each(['campaign', 'child'])('the page of a closed campaign goes with its %s', async (what) => {
  const { parent, second, old } = await openScene();
  const page = `/campaigns/${old.id}/`;
  for (const from of [api, other]) await from.get(page).expect(200);
  const path = what === 'child' ? `/children/${second.id}/` : page;
  await api.delete(path, parent.access).expect(204);
  await api.get(page).expect(404);
  await expect.poll(async () => (await other.get(page)).status, SOON).toBe(404);
});
