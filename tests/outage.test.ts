import pg from 'pg';
import type supertest from 'supertest';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { useApi, type Api } from './support/api.js';
import { guestGift, openJar, registerParent, yearsAgo } from './support/factories.js';
import { SHORT_DATABASE } from './support/figures.js';
import { openSwitchableProxy, type SwitchableProxy } from './support/switchable-proxy.js';

let proxy: SwitchableProxy;
afterAll(() => proxy.close());

const api = useApi({
  waits: { database: SHORT_DATABASE },
  search: { longestWait: 3_000, statement: 3_000 },
  through: async (url) => {
    proxy = await openSwitchableProxy(url);
    return proxy.url;
  },
});
const narrow = useApi({ poolSize: 1, waits: { database: SHORT_DATABASE } });

let jar: Awaited<ReturnType<typeof openJar>>;
beforeAll(async () => {
  jar = await openJar(api);
});
afterEach(() => proxy.restore());

/** Every endpoint that needs the database, called as it should be. */
function everyCall(): Record<string, supertest.Test> {
  const { parent, child, campaign } = jar;
  const { access, refresh, email, password } = parent;
  const newChild = { name: 'Ben', date_of_birth: yearsAgo(7) };
  const newCampaign = { title: 'Boots', description: 'Red.', goal: 90, category: 'sports' };
  const newParent = { username: 'latecomer', email: 'late@example.com', password };
  const atParent = `/parents/${parent.id}/`;
  const atChild = `/children/${child.id}/`;
  const atCampaign = `/campaigns/${campaign.id}/`;
  return {
    'GET /health/ready': api.get('/health/ready'),
    'POST /parents/': api.post('/parents/', newParent),
    'POST /api/token/': api.post('/api/token/', { email, password }),
    'POST /api/token/refresh/': api.post('/api/token/refresh/', { refresh }),
    'POST /api/token/blacklist/': api.post('/api/token/blacklist/', { refresh }),
    'GET /campaigns/': api.get('/campaigns/'),
    'GET /campaigns/ by a parent': api.get('/campaigns/?q=violin', access),
    'GET /campaigns/:id/': api.get(atCampaign),
    'GET /campaigns/:id/donations/': api.get(`${atCampaign}donations/`),
    'POST /campaigns/:id/donations/': api.post(`${atCampaign}donations/`, guestGift()),
    'POST /campaigns/:id/donations/, bad': api.post(`${atCampaign}donations/`, { amount: 0 }),
    'GET /parents/:id/': api.get(atParent, access),
    'PUT /parents/:id/': api.put(atParent, { first_name: 'Ida' }, access),
    'PATCH /parents/:id/': api.patch(atParent, { last_name: 'Berg' }, access),
    'DELETE /parents/:id/': api.delete(atParent, access),
    'GET /parents/:id/children/': api.get(`${atParent}children/`, access),
    'POST /parents/:id/children/': api.post(`${atParent}children/`, newChild, access),
    'GET /children/:id/': api.get(atChild, access),
    'PUT /children/:id/': api.put(atChild, { name: 'Mia Sommer' }, access),
    'PATCH /children/:id/': api.patch(atChild, { gender: 'female' }, access),
    'DELETE /children/:id/': api.delete(atChild, access),
    'GET /children/:id/campaigns/': api.get(`${atChild}campaigns/`, access),
    'POST /children/:id/campaigns/': api.post(`${atChild}campaigns/`, newCampaign, access),
    'PUT /campaigns/:id/': api.put(atCampaign, { goal: 500 }, access),
    'PATCH /campaigns/:id/': api.patch(atCampaign, { title: 'A cello' }, access),
    'DELETE /campaigns/:id/': api.delete(atCampaign, access),
    'GET /donations/': api.get('/donations/', access),
  };
}

function expectUnavailable(response: supertest.Response, call: string): void {
  expect(response.status, call).toBe(503);
  expect(response.headers['retry-after'], call).toMatch(/^[1-9]\d*$/);
  expect(response.headers['content-type'], call).toBe('application/json; charset=utf-8');
  expect(response.headers['x-request-id'], call).toBeTruthy();
  expect(response.body, call).toEqual({
    detail: expect.any(String) as string,
    code: 'unavailable',
  });
}

async function expectEveryCallUnavailable(): Promise<void> {
  const calls = Object.entries(everyCall());
  const responses = await Promise.all(calls.map(([, call]) => call));
  responses.forEach((response, index) => expectUnavailable(response, calls[index]![0]));
}

async function expectRecovery(of: Api = api): Promise<void> {
  await of.get('/health/ready').expect(200);
  await of.get('/campaigns/').expect(200);
  await registerParent(of);
}

/** Holds from outside what a statement locks, until told to let go. */
async function hold(of: Api, text: string, values: unknown[]): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: of.database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(text, values);
  return () => client.end();
}

const lockParent = (of: Api, id: number) =>
  hold(of, 'SELECT 1 FROM parents WHERE id = $1 FOR UPDATE', [id]);
const lockCampaign = (of: Api, id: number) =>
  hold(of, 'SELECT 1 FROM campaigns WHERE id = $1 FOR UPDATE', [id]);

/** The process ids of the connections that wait for a lock, once there are any. */
async function waiters(of: Api): Promise<number[]> {
  for (;;) {
    const rows = await of.database.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return rows.map(({ pid }) => pid);
  }
}

test('while connections are refused every endpoint answers 503, and serves again afterwards', async () => {
  await expectRecovery();
  await proxy.refuse();
  await expectEveryCallUnavailable();
  await api.get('/health/live').expect(200, { status: 'ok' });
  await api.get('/openapi.json').expect(200);
  await api.get('/parents/me/').expect(401);
  await proxy.restore();
  await expectRecovery();
});

test('while the network swallows everything every endpoint answers 503 in bounded time', async () => {
  proxy.freeze();
  await expectEveryCallUnavailable();
  await api.get('/health/live').expect(200);
  await proxy.restore();
  await expectRecovery();
});

test('a connection that freezes amid a transaction is never used again', async () => {
  const parent = await registerParent(api);
  const release = await lockParent(api, parent.id);
  const deletion = api.delete('/parents/me/', parent.access).then((response) => response);
  await waiters(api);
  proxy.freeze();
  await release();
  expectUnavailable(await deletion, 'DELETE /parents/me/');
  await proxy.restore();
  const names = Array.from({ length: 20 }, (_, index) => `kept-${index}`);
  await Promise.all(names.map((username) => registerParent(api, { username })));
  const [stored] = await api.database.sql(
    `SELECT count(*)::int AS count FROM parents WHERE username LIKE 'kept-%'`,
  );
  expect(stored).toEqual({ count: names.length });
});

test('idle connections that break are logged and replaced, and the process goes on', async () => {
  await Promise.all(Array.from({ length: 5 }, () => api.get('/campaigns/').expect(200)));
  const before = api.logged.length;
  proxy.cut();
  await expect.poll(() => api.logged.slice(before).join('')).toContain('connection broke');
  await expectRecovery();
});

test('idle connections that PostgreSQL ends are replaced', async () => {
  await api.get('/campaigns/').expect(200);
  const before = api.logged.length;
  await api.database.sql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'dreamjar'`,
  );
  await expect.poll(() => api.logged.slice(before).join('')).toContain('57P01');
  await expectRecovery();
});

test('a connection that PostgreSQL ends at work gives 503, in a transaction and outside one', async () => {
  const { parent, campaign } = await openJar(api);
  const other = await registerParent(api);
  const work = {
    'one statement': () => api.post(`/campaigns/${campaign.id}/donations/`, guestGift()),
    'a write by Prisma': () => api.put(`/campaigns/${campaign.id}/`, { goal: 7 }, parent.access),
    'a deletion by Prisma': () => api.delete(`/campaigns/${campaign.id}/`, parent.access),
    'a transaction': () => api.delete('/parents/me/', other.access),
  };
  for (const [name, call] of Object.entries(work)) {
    const releases = [await lockCampaign(api, campaign.id), await lockParent(api, other.id)];
    const answer = call().then((response) => response);
    for (const pid of await waiters(api))
      await api.database.sql('SELECT pg_terminate_backend($1)', [pid]);
    expectUnavailable(await answer, name);
    for (const release of releases) await release();
  }
  await expectRecovery();
  await api.delete('/parents/me/', other.access).expect(204);
  await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
});

test('who waits for a lock, or for a connection behind one who does, gets 503 and no more', async () => {
  const { parent, campaign } = await openJar(narrow);
  const calls = {
    'one statement': () => narrow.post(`/campaigns/${campaign.id}/donations/`, guestGift()),
    'a write by Prisma': () => narrow.put(`/campaigns/${campaign.id}/`, { goal: 7 }, parent.access),
    'a deletion by Prisma': () => narrow.delete(`/campaigns/${campaign.id}/`, parent.access),
  };
  for (const [name, call] of Object.entries(calls)) {
    const release = await lockCampaign(narrow, campaign.id);
    const waiting = call().then((response) => response);
    await waiters(narrow);
    const behind = ['/campaigns/', '/health/ready', `/campaigns/${campaign.id}/`].map((path) =>
      narrow.get(path),
    );
    for (const response of await Promise.all(behind)) expectUnavailable(response, 'a read behind');
    await narrow.get('/health/live').expect(200);
    expectUnavailable(await waiting, name);
    await release();
    await expectRecovery(narrow);
  }
});

test('what was refused for want of a database was not done', async () => {
  const { campaign } = await openJar(api);
  await proxy.refuse();
  expectUnavailable(await api.post(`/campaigns/${campaign.id}/donations/`, guestGift()), 'a gift');
  await proxy.restore();
  const { body } = await api.get(`/campaigns/${campaign.id}/`).expect(200);
  expect(body).toMatchObject({ total_raised: 0, donation_count: 0 });
});
