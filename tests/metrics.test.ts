import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, expect, test } from 'vitest';
import { countCache } from '../src/observability/metrics.js';
import { openWorkerPool } from '../src/jobs/worker-pool.js';
import { useApi, type Api } from './support/api.js';
import { openJar, registerParent } from './support/factories.js';
import { openSwitchableProxy, type SwitchableProxy } from './support/switchable-proxy.js';

const TOKEN = 'a-token-for-prometheus';

let proxy: SwitchableProxy;
afterAll(() => proxy.close());
afterEach(() => proxy.restore());

const api = useApi({
  waits: { countJobs: 500 },
  through: async (url) => {
    proxy = await openSwitchableProxy(url);
    return proxy.url;
  },
});
const behindProxy = useApi({ trustProxy: ['loopback'] });
const guarded = useApi({ metricsToken: TOKEN });
const production = useApi({ production: true });

/** The value of a series, such as `jobs{task="send_mail",state="waiting"}`; nothing where it is not told. */
async function valueOf(series: string, from: Api = api): Promise<number | undefined> {
  const { text } = await from.get('/metrics').expect(200);
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** How many requests were counted under these labels. A request is counted once its answer is gone. */
async function countOf(method: string, route: string, status: number | string): Promise<number> {
  const labels = `{method="${method}",route="${route}",status="${status}"}`;
  return (await valueOf(`http_request_duration_seconds_count${labels}`)) ?? 0;
}

async function sendStrange(path: string): Promise<void> {
  const sent = request(`${api.address}${path}`, { method: 'PROPFIND' });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
}

test('requests are counted by method, route and status, and nothing that was typed is told', async () => {
  const { campaign, parent } = await openJar(api);
  const shown = await countOf('GET', '/campaigns/:id/', 200);
  const unknown = await countOf('GET', 'none', 404);
  const strange = await countOf('other', '/campaigns/', 405);
  await api.get(`/campaigns/${campaign.id}/?q=typed-by-somebody`).expect(200);
  await api.get('/typed-by-somebody').expect(404);
  await sendStrange('/campaigns/');
  await expect.poll(() => countOf('GET', '/campaigns/:id/', 200)).toBe(shown + 1);
  await expect.poll(() => countOf('GET', 'none', 404)).toBe(unknown + 1);
  await expect.poll(() => countOf('other', '/campaigns/', 405)).toBe(strange + 1);
  const { text, headers } = await api.get('/metrics').expect(200);
  expect(headers['content-type']).toMatch(/^text\/plain;/);
  expect(headers['cache-control']).toBe('no-store');
  expect(text).not.toContain('typed-by-somebody');
  expect(text).not.toContain(parent.email);
});

test('jobs are counted by task and state', async () => {
  const waiting = 'jobs{task="send_mail",state="waiting"}';
  const before = (await valueOf(waiting)) ?? 0;
  await registerParent(api);
  await registerParent(api);
  await registerParent(api);
  expect(await valueOf(waiting)).toBe(before + 3);
  await api.database.sql(
    `UPDATE graphile_worker._private_jobs AS j SET attempts = max_attempts
      WHERE id IN (SELECT max(id) FROM graphile_worker._private_jobs)`,
  );
  await api.database.sql(
    `UPDATE graphile_worker._private_jobs AS j SET locked_at = now(), locked_by = 'somebody'
      WHERE id IN (SELECT max(id) - 1 FROM graphile_worker._private_jobs)`,
  );
  expect(await valueOf('jobs{task="send_mail",state="failed"}')).toBe(1);
  expect(await valueOf('jobs{task="send_mail",state="running"}')).toBe(1);
  expect(await valueOf(waiting)).toBe(before + 1);
});

test.each(['refuse', 'freeze'] as const)(
  'without the database (%s) all but the jobs is told',
  async (failure) => {
    await registerParent(api);
    expect((await api.get('/metrics').expect(200)).text).toMatch(/^jobs\{/m);
    await proxy[failure]();
    const { text } = await api.get('/metrics').expect(200);
    expect(text).not.toMatch(/^jobs\{/m);
    expect(text).toMatch(/^server_processes 1$/m);
  },
);

test('connections of the pool are told', async () => {
  await api.get('/health/ready').expect(200);
  expect(await valueOf('database_pool_connections{state="total"}')).toBeGreaterThan(0);
  expect(await valueOf('database_pool_connections{state="waiting"}')).toBe(0);
});

test("those of the worker's pool are among them until it ends", async () => {
  const total = () => valueOf('database_pool_connections{state="total"}');
  await api.get('/health/ready').expect(200);
  const before = (await total())!;
  const pool = openWorkerPool(api.database.url, 1, api.log);
  await pool.query('SELECT 1');
  expect(await total()).toBe(before + 1);
  await pool.end();
  expect(await total()).toBe(before);
});

test('what became of reads from memory is counted', async () => {
  const before = (await valueOf('cache_requests_total{result="hit"}')) ?? 0;
  countCache('hit');
  expect(await valueOf('cache_requests_total{result="hit"}')).toBe(before + 1);
});

test('it is read only, with and without a slash', async () => {
  await api.get('/metrics/').expect(200);
  const { headers, body } = await api.post('/metrics').expect(405);
  expect(headers.allow).toBe('GET, HEAD');
  expect(body).toMatchObject({ code: 'method_not_allowed' });
});

test.each([
  ['X-Forwarded-For', '127.0.0.1'],
  ['Forwarded', 'for=127.0.0.1'],
  ['Via', '1.1 proxy'],
  ['X-Real-IP', '127.0.0.1'],
])('without a token, what came through a proxy (%s) is refused', async (name, value) => {
  for (const server of [api, behindProxy]) {
    await server.get('/metrics').expect(200);
    const { body } = await server.get('/metrics').set(name, value).expect(403);
    expect(body).toMatchObject({ code: 'permission_denied' });
  }
});

test('without a token, a caller on another machine is refused', async () => {
  api.server.prependOnceListener('request', ({ socket }) => {
    Object.defineProperty(socket, 'remoteAddress', { value: '192.0.2.7' });
  });
  const { body } = await api.get('/metrics').set('Connection', 'close').expect(403);
  expect(body).toMatchObject({ code: 'permission_denied' });
});

test('with a token, only who sends it is told', async () => {
  await guarded.get('/metrics', TOKEN).expect(200);
  await guarded.get('/metrics', TOKEN).set('X-Forwarded-For', '192.0.2.7').expect(200);
  const { access } = await registerParent(guarded);
  for (const wrong of [undefined, `${TOKEN}x`, TOKEN.slice(1), access]) {
    const { body, headers } = await guarded.get('/metrics', wrong).expect(401);
    expect(body).toMatchObject({ code: 'not_authenticated' });
    expect(headers['www-authenticate']).toBe('Bearer');
  }
  const basic = Buffer.from(`:${TOKEN}`).toString('base64');
  await guarded.get('/metrics').set('Authorization', `Basic ${basic}`).expect(401);
  await guarded.get(`/metrics?token=${TOKEN}`).expect(401);
});

test('in production without a token nobody reads them, not even from this machine', async () => {
  const refused = await production.get('/metrics').expect(403);
  expect(refused.body.code).toBe('permission_denied');
});
