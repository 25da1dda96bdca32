import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { useApi } from './support/api.js';
import { donate, openJar, type TestCampaign } from './support/factories.js';
import { SHORT_LISTENING } from './support/figures.js';
import { openPooler, type Pooler } from './support/pooler.js';
import { openSwitchableProxy, type SwitchableProxy } from './support/switchable-proxy.js';
import { PATIENCE } from './support/patience.js';

/** The way by which the API hears of changes, past a pooler; its own statements take another. */
let proxy: SwitchableProxy;
let pooler: Pooler;
afterAll(async () => {
  await proxy.close();
  pooler.close();
});
afterEach(async () => {
  await proxy.restore();
  pooler.byTransaction = false;
});

const api = useApi({
  caching: true,
  waits: { listening: SHORT_LISTENING },
  hearsThrough: async (url) => {
    pooler = await openPooler(url);
    proxy = await openSwitchableProxy(pooler.url);
    return proxy.url;
  },
});
/** Another process, whose changes the API can't know of by itself. */
const writer = useApi({ on: () => api.database });

let campaign: TestCampaign;
beforeAll(async () => {
  ({ campaign } = await openJar(writer));
});

const total = async () =>
  (await api.get(`/campaigns/${campaign.id}/`).expect(200)).body.total_raised as number;
const totalInDatabase = async () => {
  const [row] = await api.database.sql<{ total: number }>(
    'SELECT total_raised::int AS total FROM campaigns WHERE id = $1',
    [campaign.id],
  );
  return row!.total;
};

/** Expects that answers come from memory. */
async function expectKept(): Promise<void> {
  await vi.waitFor(async () => {
    const { hit, bypass } = api.counted;
    await total();
    expect(api.counted).toMatchObject({ hit: hit + 1, bypass });
  }, PATIENCE);
}

const losses: [string, () => unknown][] = [
  ['breaks', () => proxy.refuse()],
  ['falls silent', () => proxy.freeze()],
  ['answers and tells nothing', () => (pooler.byTransaction = true)],
];

describe.each(losses)('while the connection by which changes are heard of %s', (_name, lose) => {
  test('all is read from the database, and nothing from before is told afterwards', async () => {
    await expectKept();
    await lose();
    await api.hearing!.until(false);

    const { hit, miss, bypass } = api.counted;
    for (let times = 1; times <= 3; times += 1) {
      await donate(writer, campaign);
      expect(await total()).toBe(await totalInDatabase());
      expect(api.counted).toEqual({ hit, miss, bypass: bypass + times });
    }
    await donate(writer, campaign);

    await proxy.restore();
    pooler.byTransaction = false;
    await api.hearing!.until(true);
    expect(await total()).toBe(await totalInDatabase());
    await expectKept();
    await donate(writer, campaign);
    const gone = await totalInDatabase();
    await vi.waitFor(async () => expect(await total()).toBe(gone), {
      timeout: PATIENCE,
      interval: 5,
    });
  });
});

test('a change that is made while the connection is made anew is not missed', async () => {
  for (let times = 0; times < 3; times += 1) {
    await expectKept();
    proxy.cut();
    await donate(writer, campaign);
    await api.hearing!.until(false);
    expect(await total()).toBe(await totalInDatabase());
    await api.hearing!.until(true);
    expect(await total()).toBe(await totalInDatabase());
  }
});

test('as long as a pooler lends connections by the transaction, nothing is kept', async () => {
  pooler.byTransaction = true;
  await api.hearing!.until(false);
  const turned = vi.fn();
  void api.hearing!.until(true).then(turned);
  // Two for each time that hearing is tried anew.
  const before = pooler.connections;
  await expect.poll(() => pooler.connections).toBeGreaterThan(before + 4);
  expect(turned).not.toHaveBeenCalled();
  const { hit, miss, bypass } = api.counted;
  await donate(writer, campaign);
  expect(await total()).toBe(await totalInDatabase());
  expect(api.counted).toEqual({ hit, miss, bypass: bypass + 1 });
});

test('signs of life, of this process and of others, are no changes', async () => {
  await api.hearing!.until(true);
  const heard = api.hearing!.heard.length;
  await api.database.sql(
    `SELECT pg_notify('campaign_changes', 'beat of another'), pg_notify('campaign_changes', 'gifts 0')`,
  );
  await expect.poll(() => api.hearing!.heard.length).toBeGreaterThan(heard);
  expect(api.hearing!.heard.length).toBe(heard + 1);
});

test('the loss is logged, and no address with it', () => {
  const told = api.logged.filter((line) => line.includes('changes are not heard of'));
  expect(told.length).toBeGreaterThan(0);
  expect(told.join()).not.toContain(new URL(api.database.url).password);
});
