import { beforeAll, expect, test, vi } from 'vitest';
import { useApi, type Api } from './support/api.js';
import { donate, openJar } from './support/factories.js';
import { holdNextReading } from './support/held-reading.js';
import { SOON } from './support/patience.js';

/** Keeps what visitors share, and is told of no change: it must know by itself what it has done. */
const api = useApi();
beforeAll(() => api.answers.hear(true));
const other = useApi({ caching: true, on: () => api.database });

const countAt = async (of: Api, path: string) => {
  const answer = await fetch(of.address + path);
  return ((await answer.json()) as { donation_count: number }).donation_count;
};

test('what was read before a gift is not told after it, nor kept', async () => {
  const { campaign } = await openJar(api);
  const path = `/campaigns/${campaign.id}/`;
  const holder = holdNextReading(api);
  const early = countAt(api, path);
  await holder.hasRead;
  await donate(api, campaign);
  expect(await countAt(api, path)).toBe(1);
  holder.release();
  expect(await early).toBe(0);
  expect(await countAt(api, path)).toBe(1);
});

test('nor is what was read before a gift at another process', async () => {
  const { campaign } = await openJar(api);
  const path = `/campaigns/${campaign.id}/`;
  const { hearing } = other;
  const holder = holdNextReading(other);
  const early = countAt(other, path);
  await holder.hasRead;
  await donate(api, campaign);
  const gift = { of: 'gifts', id: campaign.id };
  await vi.waitFor(() => expect(hearing!.heard).toContainEqual(gift), SOON);
  holder.release();
  expect(await early).toBe(0);
  expect(await countAt(other, path)).toBe(1);
});

test('what was read while something else changed is kept', async () => {
  const { campaign } = await openJar(api);
  const { campaign: another } = await openJar(api);
  const path = `/campaigns/${campaign.id}/`;
  const holder = holdNextReading(api);
  const early = countAt(api, path);
  await holder.hasRead;
  await donate(api, another);
  holder.release();
  expect(await early).toBe(0);
  const { hit } = api.counted;
  expect(await countAt(api, path)).toBe(0);
  expect(api.counted.hit).toBe(hit + 1);
});

test('each of two hundred gifts is in the next answer, whoever else is reading', async () => {
  const { campaign } = await openJar(api);
  const path = `/campaigns/${campaign.id}/`;
  const top = '/campaigns/?sort=most_funded';
  const paths = [path, `${path}donations/`, top, '/campaigns/'];
  let giving = true;
  const hammer = async (of: Api, shift: number) => {
    for (let i = shift; giving; i += 1) await (await fetch(of.address + paths[i % 4]!)).text();
  };
  const readers = [hammer(api, 0), hammer(api, 2), hammer(other, 1)];
  try {
    for (let gifts = 1; gifts <= 200; gifts += 1) {
      await donate(api, campaign, { amount: 1 });
      expect(await countAt(api, path)).toBe(gifts);
      const list = (await (await fetch(api.address + top)).json()) as Record<string, number>[];
      expect(list.find(({ id }) => id === campaign.id)!['total_raised']).toBe(gifts);
    }
  } finally {
    giving = false;
    await Promise.all(readers);
  }
  await vi.waitFor(async () => expect(await countAt(other, path)).toBe(200), SOON);
});
