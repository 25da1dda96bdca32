import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Api } from './support/api.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { guestGift, openJar } from './support/factories.js';

const START = ['--import', 'tsx', 'src/server.ts'];

/** Milliseconds in which a stop must be over. */
const LONGEST_STOP = 10_000;

let database: TestDatabase;
let folder: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'dreamjar-process-'));
});
afterAll(async () => {
  running.forEach((process) => process.kill('SIGKILL'));
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  process: ChildProcess;
  out: () => string;
  err: () => string;
  /** The exit code, once it is over. */
  ended: Promise<number | null>;
}

function run(env: Record<string, string> = {}): Run {
  const { PATH = '', HOME = '' } = process.env;
  const settings = { PATH, HOME, PORT: '0', DATABASE_URL: database.url, DATA_DIR: folder, ...env };
  const child = spawn(process.execPath, START, {
    env: settings,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return { process: child, out: () => out, err: () => err, ended };
}

/** Where a process listens, once it says so. */
async function addressOf({ out, err, ended }: Run): Promise<string> {
  const listening = expect
    .poll(() => /DreamJar listens on +(http:\S+)/.exec(out())?.[1], { timeout: 25_000 })
    .toBeDefined();
  await Promise.race([listening, ended.then(() => Promise.reject(new Error(out() + err())))]);
  return /DreamJar listens on +(http:\S+)/.exec(out())![1]!;
}

/** As much of the API as the factories need. */
function clientOf(address: string): Api {
  const post = (path: string, body: object = {}, token?: string) => {
    const request = supertest(address).post(path).send(body);
    return token === undefined ? request : request.set('Authorization', `Bearer ${token}`);
  };
  return { post, get: (path: string) => supertest(address).get(path) } as Api;
}

async function countOf(condition: string): Promise<number> {
  const [row] = await database.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'dreamjar' AND ${condition}`,
  );
  return row!.count;
}

/** A process with a gift in flight: it waits for a row that is held from outside. */
async function withGiftInFlight() {
  const server = run();
  const address = await addressOf(server);
  const api = clientOf(address);
  const { campaign } = await openJar(api);
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM campaigns WHERE id = $1 FOR UPDATE', [campaign.id]);
  const gift = api
    .post(`/campaigns/${campaign.id}/donations/`, guestGift())
    .then((response) => response);
  await expect.poll(() => countOf(`wait_event_type = 'Lock'`)).toBe(1);
  return { server, address, api, campaign, gift, release: () => holder.end() };
}

async function readinessOf(api: Api): Promise<number> {
  return (await api.get('/health/ready')).status;
}

/** Whether a door is open, or else the reason. */
function knockAt(address: string): Promise<string | undefined> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve('open'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  }).finally(() => socket.destroy()) as Promise<string | undefined>;
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

  const began = performance.now();
  const notReady = expect.poll(() => readinessOf(api), { interval: 10 }).toBe(503);
  server.process.kill('SIGTERM');
  await notReady;
  await api.get('/health/live').expect(200);
  await idleClosed;
  await expect.poll(() => knockAt(address)).toBe('ECONNREFUSED');
  await release();

  expect((await gift).status).toBe(201);
  expect(await server.ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(LONGEST_STOP);
  expect(server.err()).toBe('');
  expect(await countOf('true')).toBe(0);
  const stored = await database.sql('SELECT amount FROM donations WHERE campaign_id = $1', [
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
  const { server, gift, release } = await withGiftInFlight();
  gift.catch(() => undefined);
  const began = performance.now();
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(LONGEST_STOP);
  await release();
});

test('a port that is taken ends the start with one sentence', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const server = run({ PORT: String(port) });
  expect(await server.ended).toBe(1);
  expect(server.err()).toMatch(
    new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is taken\\. [^\\n]+\\n$`),
  );
  expect(await countOf('true')).toBe(0);
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
    /^The database can't be reached \(ECONNREFUSED\)[^\n]*\n$/,
  ],
  [
    'a host that is not there',
    { DATABASE_URL: 'postgresql://dreamjar:secret@nowhere.invalid/dreamjar' },
    /^The database can't be reached \(\w+\)[^\n]*\n$/,
  ],
  ['a host that is not ours', { HOST: '192.0.2.1' }, /^Can't listen [^\n]*EADDRNOTAVAIL[^\n]*\n$/],
])('%s ends the start with one sentence and code 1', async (_name, env, sentence) => {
  const server = run(env);
  expect(await server.ended).toBe(1);
  expect(server.err()).toMatch(sentence);
  expect(server.err() + server.out()).not.toContain('secret');
});
