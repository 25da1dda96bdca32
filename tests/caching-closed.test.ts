import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { openCampaign, openJar } from './support/factories.js';
import { SOON } from './support/patience.js';

const api = useApi({ caching: true });
/** Another process, which must hear of each change. */
const other = useApi({ caching: true, on: () => api.database });

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
