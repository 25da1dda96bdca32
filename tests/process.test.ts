import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Api } from './support/api.js';
import { guestGift, openJar } from './support/factories.js';
import { addressOf, clientOf, knockAt, useServerProcesses } from './support/server-process.js';

const servers = useServerProcesses();

/** A process with a gift in flight: it waits for a row that is held from outside. */
async function withGiftInFlight(env?: Record<string, string>) {
  const server = servers.run(env);
  const address = await addressOf(server);
  const api = clientOf(address);
  const { campaign } = await openJar(api);
  const release = await servers.holdCampaign(campaign);
  const gift = api
    .post(`/campaigns/${campaign.id}/donations/`, guestGift())
    .then((response) => response);
  await servers.untilWaiting(1);
  return { server, address, api, campaign, gift, release };
}

async function readinessOf(api: Api): Promise<number> {
  return (await api.get('/health/ready')).status;
}

test('it prints where it listens, and stops gracefully with a request in flight', async () => {
  const { server, address, api, campaign, gift, release } = await withGiftInFlight();
  expect(server.out()).toContain(`${address}/docs`);
  expect(server.out()).toContain(`curl ${address}/campaigns/`);
  const agent = new Agent({ keepAlive: true });
  const [idle] = (await once(get(`${address}/health/live`, { agent }), 'response')) as [
    IncomingMessage,
  ];
  const idleClosed = once(idle.socket, 'close');
  idle.resume();

  const notReady = expect.poll(() => readinessOf(api), { interval: 10 }).toBe(503);
  server.process.kill('SIGTERM');
  await notReady;
  await api.get('/health/live').expect(200);
  await idleClosed;
  await expect.poll(() => knockAt(address)).toBe('ECONNREFUSED');
  await release();

  expect((await gift).status).toBe(201);
  expect(await server.ended).toBe(0);
  expect(server.err()).toBe('');
  await expect.poll(() => servers.connectionsWhere('true')).toBe(0);
  const stored = await servers.database.sql('SELECT amount FROM donations WHERE campaign_id = $1', [
    campaign.id,
  ]);
  expect(stored).toEqual([{ amount: 25 }]);
  agent.destroy();
});

test('told twice to stop, as by a terminal and by npm, it still finishes what is in flight', async () => {
  const { server, api, gift, release } = await withGiftInFlight();
  server.process.kill('SIGINT');
  await expect
    .poll(async () => (await api.get('/health/ready')).status, { interval: 10 })
    .toBe(503);
  server.process.kill('SIGINT');
  server.process.kill('SIGTERM');
  await release();
  expect((await gift).status).toBe(201);
  expect(await server.ended).toBe(0);
});

test('a request that does not end does not keep the process for ever', async () => {
  const { server, gift, release } = await withGiftInFlight({
    USUAL_DATABASE_WAITS: 'yes',
  });
  gift.catch(() => undefined);
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  await release();
});

test('a port that is taken ends the start with one sentence', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const server = servers.run({ PORT: String(port) });
  expect(await server.ended).toBe(1);
  expect(server.err()).toMatch(
    new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is taken\\. [^\\n]+\\n$`),
  );
  await expect.poll(() => servers.connectionsWhere('true')).toBe(0);
  taken.close();
});

test.each([
  ['a bad port', { PORT: 'secret' }, /^[^\n]*PORT[^\n]*\n$/],
  ['a bad proxy', { TRUST_PROXY: 'secret' }, /^[^\n]*TRUST_PROXY[^\n]*\n$/],
  [
    'several bad settings',
    { PORT: 'secret', LOG_LEVEL: 'secret' },
    /^[^\n]*PORT[^\n]*LOG_LEVEL[^\n]*\n$/,
  ],
  ['a database that is no URL', { DATABASE_URL: 'secret' }, /^[^\n]*DATABASE_URL[^\n]*\n$/],
  ['production without a secret', { NODE_ENV: 'production' }, /^[^\n]*JWT_SECRET[^\n]*\n$/],
  [
    'a database that is not there',
    { DATABASE_URL: 'postgresql://dreamjar:secret@127.0.0.1:1/dreamjar' },
    /^The database can't be reached: connect ECONNREFUSED[^\n]*\n$/,
  ],
  [
    'a host that is not there',
    { DATABASE_URL: 'postgresql://dreamjar:secret@nowhere.invalid/dreamjar' },
    /^The database can't be reached: getaddrinfo \w+[^\n]*\n$/,
  ],
  [
    'a folder for mails that is none',
    { DATA_DIR: '/dev/null', JWT_SECRET: 'x'.repeat(32) },
    /^The folder \/dev\/null\/mail can't be written \(ENOTDIR\), [^\n]*SMTP_URL[^\n]*\n$/,
  ],
  ['a host that is not ours', { HOST: '192.0.2.1' }, /^Can't listen [^\n]*EADDRNOTAVAIL[^\n]*\n$/],
])('%s ends the start with one sentence and code 1', async (_name, env, sentence) => {
  const server = servers.run(env);
  expect(await server.ended).toBe(1);
  expect(server.err()).toMatch(sentence);
  expect(server.err() + server.out()).not.toContain('secret');
});

test('a name in .env that is nearly a setting is logged once, without its value, and others are not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-slips-'));
  await writeFile(join(folder, '.env'), 'RATE_LIMITS=secret\nPGAPPNAME=other\nMINE=secret\n');
  const server = servers.run({ WEB_CONCURRENCY: '2' }, folder);
  await addressOf(server);
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  const warnings = server.out().match(/"level":40.*/g);
  expect(warnings).toHaveLength(1);
  expect(warnings?.[0]).toContain('.env sets RATE_LIMITS, which is no setting');
  expect(server.out()).not.toContain('secret');
  await rm(folder, { recursive: true });
});
