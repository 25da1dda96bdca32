import type supertest from 'supertest';
import { expect, test } from 'vitest';
import { useApi, type Api } from './support/api.js';
import { expectError } from './support/bare-http.js';
import { openJar, registerParent, type TestParent } from './support/factories.js';
import { hold, started, untilWaiting } from './support/locks.js';

const bounds = { parentAtOnce: 2, parentWaiting: 1 };
const api = useApi({ rateLimit: true, bounds });
const hasty = useApi({
  rateLimit: true,
  bounds: { parentAtOnce: 1, parentWaiting: 1 },
  waits: { parentTurn: 100 },
});
const unlimited = useApi({ bounds: { parentAtOnce: 1, parentWaiting: 0 } });

const rename = (of: Api, { access }: TestParent) =>
  started(of.patch('/parents/me/', { first_name: 'Ida' }, access).then((response) => response));

/** Holds a parent's row, so that changes to it wait. */
const holdParent = (of: Api, { id }: TestParent) =>
  hold(of, 'SELECT FROM parents WHERE id = $1 FOR UPDATE', [id]);

function expectThrottled(response: supertest.Response): void {
  expectError(response, 429, 'throttled');
  expect(response.headers['retry-after']).toBe('1');
}

test('so many requests of a parent are worked on at once, one waits, and what is more gets 429', async () => {
  const parent = await registerParent(api);
  const other = await openJar(api);
  const holder = await holdParent(api, parent);
  const working = [rename(api, parent), rename(api, parent)];
  await untilWaiting(api, 2);
  const more = [rename(api, parent), rename(api, parent)];
  expectThrottled(await Promise.race(more));
  // Reads have no turn of their own, other people do, and so has everyone without a token.
  expectThrottled(await api.get('/parents/me/', parent.access));
  await api.get('/parents/me/', other.parent.access).expect(200);
  await api.get(`/campaigns/${other.campaign.id}/`).expect(200);
  await untilWaiting(api, 2);

  await holder.release();
  for (const one of working) expect((await one).status).toBe(200);
  const statuses = (await Promise.all(more)).map(({ status }) => status).sort();
  expect(statuses).toEqual([200, 429]);
  await api.get('/parents/me/', parent.access).expect(200);
});

test('a turn that does not come in time is given up with 429, and takes no place', async () => {
  const parent = await registerParent(hasty);
  const holder = await holdParent(hasty, parent);
  const working = rename(hasty, parent);
  await untilWaiting(hasty, 1);
  for (let times = 0; times < 3; times += 1) expectThrottled(await rename(hasty, parent));
  await holder.release();
  expect((await working).status).toBe(200);
  expect((await rename(hasty, parent)).status).toBe(200);
});

test('requests that fail give their place back', async () => {
  const { access } = await registerParent(hasty);
  for (let times = 0; times < 3; times += 1) {
    await hasty.get('/children/999999/', access).expect(404);
    await hasty.patch('/parents/me/', { email: 'none' }, access).expect(400);
  }
});

test('without rate limits there is no bound', async () => {
  const parent = await registerParent(unlimited);
  const holder = await holdParent(unlimited, parent);
  const working = [rename(unlimited, parent), rename(unlimited, parent), rename(unlimited, parent)];
  await untilWaiting(unlimited, 3);
  await holder.release();
  for (const one of working) expect((await one).status).toBe(200);
});
