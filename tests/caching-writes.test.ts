import { beforeAll, describe, expect, test, vi } from 'vitest';
import { useApi, type Api } from './support/api.js';
import {
  addChild,
  donate,
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
} from './support/factories.js';
import { postKeyed } from './support/keyed.js';
import { usePayments } from './support/paying.js';
import { SOON } from './support/patience.js';

/** Keeps what visitors share, and is told of no change: it must know by itself what it has done. */
const api = useApi();
/** Another process, which keeps it too and must hear of each change. */
const other = useApi({ caching: true, on: () => api.database });
/** Keeps nothing. */
const plain = useApi({ on: () => api.database });

beforeAll(() => {
  api.answers.hear(true);
  // At one moment for all, so that what they say of deadlines can be compared.
  const now = new Date();
  for (const one of [api, other, plain]) one.clock.now = now;
});

const payments = usePayments({ caching: true });

/** A campaign with gifts of a guest and of a parent, in an order that any larger gift would change. */
async function openScene() {
  const jar = await openJar(api, { goal: 1000 });
  const rival = await openCampaign(api, jar.parent, jar.child, { goal: 1000 });
  const donor = await registerParent(api, { first_name: 'Dora' });
  const guestGift = await donate(api, jar.campaign, { donor_email: donor.email });
  await donate(api, jar.campaign, { comment: 'Play!' }, donor);
  await donate(api, rival, { amount: 60 });
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [donor.id]);
  return { ...jar, rival, donor, guestGift };
}
type Scene = Awaited<ReturnType<typeof openScene>>;

const NEWEST = '/campaigns/?sort=newest';
const FIRST = '/campaigns/?page_size=1&sort=';
const MOST_FUNDED = `${FIRST}most_funded`;
const CLOSEST = `${FIRST}closest_to_goal`;
const OF_CATEGORY = '/campaigns/?category=hobbies';
const ENDING_SOON = '/campaigns/?sort=ending_soon';
const detail = ({ campaign }: Scene) => `/campaigns/${campaign.id}/`;
const gifts = (scene: Scene) => `${detail(scene)}donations/`;
const everything = (scene: Scene) => [
  ...[NEWEST, MOST_FUNDED, CLOSEST, OF_CATEGORY, ENDING_SOON],
  ...[detail(scene), gifts(scene)],
];

async function read(from: Api, path: string) {
  const { status, body, headers } = await from.get(path);
  return { status, body: body as unknown, next: headers['link'] !== undefined };
}
const readAll = (from: Api, paths: string[]) =>
  Promise.all(paths.map(async (path) => ({ path, ...(await read(from, path)) })));

interface Write {
  write: (scene: Scene) => Promise<unknown>;
  /** What it changes, of all that visitors share. */
  changes: (scene: Scene) => string[];
}

const writes: Record<string, Write> = {
  "a guest's gift": {
    write: ({ campaign }) => donate(api, campaign),
    changes: (scene) => [NEWEST, OF_CATEGORY, ENDING_SOON, detail(scene), gifts(scene)],
  },
  "a parent's gift": {
    write: ({ campaign, donor }) => donate(api, campaign, {}, donor),
    changes: (scene) => [NEWEST, OF_CATEGORY, detail(scene), gifts(scene)],
  },
  'a gift with a key, and its repetition': {
    write: async (scene) => {
      const gift = { amount: 5, donor_name: 'Kate', donor_email: 'kate@example.org' };
      await postKeyed(api, `key ${scene.campaign.id}`, gifts(scene), gift).expect(201);
      await postKeyed(api, `key ${scene.campaign.id}`, gifts(scene), gift).expect(201);
    },
    changes: (scene) => [detail(scene), gifts(scene)],
  },
  'a gift that lifts its campaign onto a page': {
    write: async ({ campaign }) => {
      const [top] = await api.database.sql<{ most: number }>(
        'SELECT max(total_raised)::int AS most FROM campaigns',
      );
      await donate(api, campaign, { amount: top!.most + 1 });
    },
    changes: (scene) => [MOST_FUNDED, detail(scene)],
  },
  'a gift that lifts it closest to its goal': {
    write: ({ campaign }) => donate(api, campaign, { amount: 949 }),
    changes: (scene) => [CLOSEST, detail(scene)],
  },
  'a gift that closes its campaign': {
    write: async ({ campaign, parent }) => {
      const wish = { close_when_funded: true };
      await api.patch(`/campaigns/${campaign.id}/`, wish, parent.access).expect(200);
      await donate(api, campaign, { amount: 1000 });
    },
    changes: (scene) => [NEWEST, OF_CATEGORY, ENDING_SOON, detail(scene)],
  },
  'other words': {
    write: (scene) =>
      api.patch(detail(scene), { title: 'A cello' }, scene.parent.access).expect(200),
    changes: (scene) => [NEWEST, OF_CATEGORY, ENDING_SOON, detail(scene)],
  },
  'another category': {
    write: (scene) =>
      api.put(detail(scene), { category: 'sports' }, scene.parent.access).expect(200),
    changes: (scene) => [NEWEST, OF_CATEGORY, detail(scene)],
  },
  'another deadline': {
    write: (scene) =>
      api.patch(detail(scene), { deadline: '2999-01-01' }, scene.parent.access).expect(200),
    changes: (scene) => [NEWEST, ENDING_SOON, detail(scene)],
  },
  'a closing': {
    write: (scene) => api.patch(detail(scene), { is_open: false }, scene.parent.access).expect(200),
    changes: (scene) => [NEWEST, OF_CATEGORY, ENDING_SOON, detail(scene)],
  },
  'a new campaign': {
    write: ({ parent, child }) => openCampaign(api, parent, child),
    changes: () => [NEWEST, OF_CATEGORY, ENDING_SOON],
  },
  'the end of a campaign': {
    write: (scene) => api.delete(detail(scene), scene.parent.access).expect(204),
    changes: (scene) => [NEWEST, OF_CATEGORY, ENDING_SOON, detail(scene), gifts(scene)],
  },
  "a child's other name": {
    write: ({ child, parent }) =>
      api.patch(`/children/${child.id}/`, { name: 'Mila Sommer' }, parent.access).expect(200),
    changes: (scene) => [NEWEST, OF_CATEGORY, ENDING_SOON, detail(scene)],
  },
  'the end of a child': {
    write: async ({ child, parent, campaign, rival }) => {
      for (const { id } of [campaign, rival]) {
        await api.patch(`/campaigns/${id}/`, { is_open: false }, parent.access).expect(200);
      }
      await readAll(other, [`/campaigns/${campaign.id}/`]);
      await api.delete(`/children/${child.id}/`, parent.access).expect(204);
    },
    changes: (scene) => [NEWEST, detail(scene), gifts(scene)],
  },
  'the end of a parent': {
    write: async ({ parent, campaign, rival }) => {
      for (const { id } of [campaign, rival]) {
        await api.patch(`/campaigns/${id}/`, { is_open: false }, parent.access).expect(200);
      }
      await readAll(other, [`/campaigns/${campaign.id}/`]);
      await api.delete('/parents/me/', parent.access).expect(204);
    },
    changes: (scene) => [NEWEST, detail(scene), gifts(scene)],
  },
  'the end of a donor': {
    write: ({ donor }) => api.delete('/parents/me/', donor.access).expect(204),
    changes: (scene) => [gifts(scene)],
  },
  'a refund': {
    write: ({ guestGift, parent }) =>
      api.post(`/donations/${guestGift.id}/refunds/`, {}, parent.access).expect(201),
    changes: (scene) => [NEWEST, detail(scene), gifts(scene)],
  },
};

describe.each(Object.entries(writes))('%s', (_name, { write, changes }) => {
  test('is seen in the very next answer, and soon in that of another process', async () => {
    const scene = await openScene();
    const paths = everything(scene);
    const before = await readAll(plain, paths);
    expect(await readAll(api, paths)).toEqual(before);
    await vi.waitFor(async () => expect(await readAll(other, paths)).toEqual(before), SOON);

    await write(scene);
    const next = await readAll(api, paths);
    const after = await readAll(plain, paths);
    expect(next).toEqual(after);
    await vi.waitFor(async () => expect(await readAll(other, paths)).toEqual(after), SOON);
    for (const path of changes(scene)) {
      const at = paths.indexOf(path);
      expect(after[at], path).not.toEqual(before[at]);
    }
  });
});

test('a campaign that is opened again is seen', async () => {
  const scene = await openScene();
  await api.patch(detail(scene), { is_open: false }, scene.parent.access).expect(200);
  await readAll(api, everything(scene));
  await readAll(other, everything(scene));
  await api.patch(detail(scene), { is_open: true }, scene.parent.access).expect(200);
  const truth = await readAll(plain, everything(scene));
  expect(await readAll(api, everything(scene))).toEqual(truth);
  await vi.waitFor(
    async () => expect(await readAll(other, everything(scene))).toEqual(truth),
    SOON,
  );
});

test('a gift that closes its campaign is heard of as more than a gift', async () => {
  const { parent, child } = await openJar(api, { category: 'health', close_when_funded: true });
  const [last] = (await api.get('/campaigns/?category=health').expect(200)).body as TestCampaign[];
  await openCampaign(api, parent, child, { category: 'health' });
  const page = '/campaigns/?category=health&page_size=1';
  await vi.waitFor(async () => expect((await read(other, page)).next).toBe(true), SOON);
  await donate(api, last!, { amount: 400 });
  await vi.waitFor(async () => expect((await read(other, page)).next).toBe(false), SOON);
});

test('claiming changes nothing that is kept, and leaves it true', async () => {
  const scene = await openScene();
  await readAll(api, everything(scene));
  await api.post('/donations/claims/', {}, scene.donor.access).expect(201);
  const truth = await readAll(plain, everything(scene));
  expect(await readAll(api, everything(scene))).toEqual(truth);
});

test('what changes many campaigns at once, from outside the program, is heard of', async () => {
  const { parent, child } = await openScene();
  for (let i = 0; i < 21; i += 1) await openCampaign(api, parent, await addChild(api, parent));
  await vi.waitFor(
    async () => expect(await read(other, NEWEST)).toEqual(await read(plain, NEWEST)),
    SOON,
  );
  await api.database.sql(`UPDATE campaigns SET title = title || '!' WHERE child_id <> $1`, [
    child.id,
  ]);
  const truth = await read(plain, NEWEST);
  await vi.waitFor(async () => expect(await read(other, NEWEST)).toEqual(truth), SOON);
});

test('a gift that Stripe says is paid is seen by visitors', async () => {
  const { campaign } = await openJar(payments.api);
  const shown = () => payments.totals(campaign);
  const gift = await payments.begin(campaign, { amount: 30 });
  expect(await shown()).toEqual({ total: 0, gifts: 0, listed: [] });
  await payments.pay(gift);
  expect(await shown()).toEqual({ total: 30, gifts: 1, listed: [gift.id] });
});
