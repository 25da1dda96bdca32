import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { Api } from './support/api.js';
import { guestGift, openJar, registerParent } from './support/factories.js';
import {
  addressOf,
  clientOf,
  knockAt,
  useServerProcesses,
  type ServerProcess,
} from './support/server-process.js';

const servers = useServerProcesses();

const poll = <T>(ask: () => T) => expect.poll(ask, { interval: 20 });

const TWO = { WEB_CONCURRENCY: '2', BCRYPT_COST: '4' };

interface Line {
  pid: number;
  msg: string;
  route?: string;
  status?: number;
}

async function runTwo(env: Record<string, string> = {}) {
  const server = servers.run({ ...TWO, ...env });
  const address = await addressOf(server);
  return { server, address, api: clientOf(address) };
}

function linesOf({ out }: ServerProcess): Line[] {
  const lines = out().split('\n');
  return lines.filter((line) => /^\{.*\}$/.test(line)).map((line) => JSON.parse(line) as Line);
}

/** The processes that answered requests to a route. */
function serversOf(server: ServerProcess, route: string, status: number): Set<number> {
  const lines = linesOf(server).filter((line) => line.route === route && line.status === status);
  return new Set(lines.map(({ pid }) => pid));
}

/** Asks both processes, one after the other, and gives them: a line is logged after its answer. */
async function bothOf(server: ServerProcess, api: Api): Promise<[number, number]> {
  for (let i = 0; i < 2; i += 1) await api.get('/health/live').expect(200);
  await poll(() => serversOf(server, '/health/live', 200).size).toBe(2);
  return [...serversOf(server, '/health/live', 200)] as [number, number];
}

async function stop({ process, ended }: ServerProcess): Promise<void> {
  process.kill('SIGTERM');
  expect(await ended).toBe(0);
}

/** What is answered over the connection that an agent keeps to one of the processes. */
async function textOf(url: string, agent: Agent): Promise<string> {
  const [answer] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  return text(answer);
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('two processes serve one port, count limits together and tell their metrics together', async () => {
  const { server, address, api } = await runTwo({ RATE_LIMIT: 'on' });
  expect(server.out().match(/listens on/g)).toHaveLength(1);
  expect(new URL(address).port).not.toBe('0');

  const { email } = await registerParent(api);
  const statuses: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    const { status } = await api.post('/api/token/', { email, password: 'not the password' });
    statuses.push(status);
  }
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
  await poll(() => serversOf(server, '/api/token/', 401).size).toBe(2);
  expect(serversOf(server, '/api/token/', 401)).not.toContain(server.process.pid);

  const { text: told } = await api.get('/metrics').expect(200);
  expect(told).toMatch(/^server_processes 3$/m);
  const refused = `{method="POST",route="/api/token/",status="401"}`;
  expect(told).toContain(`http_request_duration_seconds_count${refused} 10\n`);
  expect(told).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
  expect(told).toMatch(/^process_resident_memory_bytes \d/m);
  await stop(server);
  expect(server.err()).toBe('');
});

test('one that hangs keeps no metrics back; one that dies is replaced, and the other serves on', async () => {
  const { server, address, api } = await runTwo();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await textOf(`${address}/openapi.json`, agent);
  const [one, other] = await bothOf(server, api);
  const dies = serversOf(server, '/openapi.json', 200).has(one) ? other : one;
  const stays = dies === one ? other : one;

  process.kill(dies, 'SIGSTOP');
  expect(await textOf(`${address}/metrics`, agent)).toMatch(/^server_processes 2$/m);
  agent.destroy();
  process.kill(dies, 'SIGKILL');
  await poll(server.out).toContain('a web process died and is replaced');
  for (let i = 0; i < 4; i += 1) await api.get('/health/ready').expect(200);
  await poll(() => [...serversOf(server, '/health/ready', 200)]).toEqual([stays]);

  const newcomers = async () => {
    await api.get('/campaigns/').expect(200);
    return [...serversOf(server, '/campaigns/', 200)].filter((pid) => pid !== stays);
  };
  await poll(newcomers).toHaveLength(1);
  await stop(server);
});

test('told to stop under load, it answers all that it was asked', async () => {
  const { server, address, api } = await runTwo();
  const { campaign } = await openJar(api);
  const release = await servers.holdCampaign(campaign);
  const gifts = Array.from({ length: 8 }, () =>
    api.post(`/campaigns/${campaign.id}/donations/`, guestGift()).then(({ status }) => status),
  );
  await servers.untilWaiting(8);

  server.process.kill('SIGTERM');
  await poll(() => knockAt(address)).toBe('ECONNREFUSED');
  await release();
  expect(await Promise.all(gifts)).toEqual(Array(8).fill(201));
  expect(await server.ended).toBe(0);
  const gave = serversOf(server, '/campaigns/:id/donations/', 201);
  expect(gave.size).toBe(2);
  expect([...gave].filter(lives)).toEqual([]);
  await poll(() => servers.connectionsWhere('true')).toBe(0);
});

test('without their primary they finish and end, and its database is found again', async () => {
  const alone = {
    DATABASE_URL: '',
    DATA_DIR: join(servers.folder, 'alone'),
    DATABASE_POOL_SIZE: '5',
  };
  const { server, api } = await runTwo(alone);
  const { campaign } = await openJar(api);
  const orphans = await bothOf(server, api);
  server.process.kill('SIGKILL');
  await server.ended;
  const stopped = linesOf(server).filter(({ msg }) => msg === 'stopped');
  expect(stopped.map(({ pid }) => pid).sort()).toEqual(orphans.sort());

  const again = await runTwo(alone);
  await again.api.get(`/campaigns/${campaign.id}/`).expect(200);
  await stop(again.server);
});

test('a port that is taken ends them all with one sentence', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const server = servers.run({ ...TWO, PORT: String(port) });
  expect(await server.ended).toBe(1);
  expect(server.err()).toMatch(
    new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is taken\\. [^\\n]+\\n$`),
  );
  await poll(() => servers.connectionsWhere('true')).toBe(0);
  taken.close();
});

test('more connections than the embedded database has end the start with one sentence', async () => {
  // Seven pools of ten would do, but for what listens and the worker.
  const server = servers.run({ DATABASE_URL: '', WEB_CONCURRENCY: '5' });
  expect(await server.ended).toBe(1);
  expect(server.err()).toMatch(/^[^\n]*DATABASE_POOL_SIZE or WEB_CONCURRENCY[^\n]*\n$/);
});
