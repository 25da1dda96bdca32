import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { builtAndWide } from './support/built.js';
import { guestGift, openJar } from './support/factories.js';
import { addressOf, clientOf, useServerProcesses } from './support/server-process.js';

const servers = useServerProcesses();

const SECRET = 'value-of-a-row';

/** Settings by which a process runs this first. */
const running = (code: string) => ({
  NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(code)}"`,
});

/** Throws where nobody catches, each time it is told to. */
const THROWS = `process.on('SIGUSR2', () => { throw new Error('thrown on purpose'); });`;

/** As told to throw, its pools of connections can't end any more. */
const HANGS = `
  import { createRequire } from 'node:module';
  const require = createRequire(${JSON.stringify(import.meta.url)});
  process.on('SIGUSR2', () => { require('pg').Pool.prototype.end = () => new Promise(() => {}); });`;

test('a failure ends it with code 1 once what is in flight is answered, whatever it is told meanwhile', async () => {
  const server = servers.run(running(THROWS));
  const api = clientOf(await addressOf(server));
  const { campaign } = await openJar(api);
  const release = await servers.holdCampaign(campaign);
  const gift = api
    .post(`/campaigns/${campaign.id}/donations/`, guestGift())
    .then(({ status }) => status);
  await servers.untilWaiting(1);

  server.process.kill('SIGUSR2');
  const isReady = async () => (await api.get('/health/ready')).status;
  await expect.poll(isReady, { interval: 10 }).toBe(503);
  server.process.kill('SIGTERM');
  server.process.kill('SIGUSR2');
  await expect.poll(() => server.out().match(/thrown on purpose/g)).toHaveLength(2);
  await release();
  expect(await gift).toBe(201);
  expect(await server.ended).toBe(1);
  await expect.poll(() => servers.connectionsWhere('true')).toBe(0);
});

test('an end that hangs is given up, after a failure too, and the log says so', async () => {
  const server = servers.run(running(HANGS + THROWS));
  await addressOf(server);
  server.process.kill('SIGUSR2');
  expect(await server.ended).toBe(1);
  expect(server.out()).toContain('thrown on purpose');
  expect(server.out()).toContain('the end hangs and is given up');
});

/** What a worker says of itself until its end; it is told to throw, if at all, once it works. */
async function runWorker(env: Record<string, string> = {}, throws = false) {
  const { PATH = '', HOME = '' } = process.env;
  const settings = { PATH, HOME, DATABASE_URL: servers.database.url, DATA_DIR: servers.folder };
  const worker = spawn(process.execPath, builtAndWide('process/worker'), {
    env: { ...settings, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const ended = once(worker, 'close');
  let [out, err] = ['', ''];
  worker.stdout.on('data', (text) => (out += String(text)));
  worker.stderr.on('data', (text) => (err += String(text)));
  if (throws) worker.stdout.once('data', () => worker.kill('SIGUSR2'));
  const [code] = (await ended) as [number | null];
  return { code, out, err };
}

/** Has the database answer the worker's first question with an error that quotes a row. */
async function quoteRow(): Promise<void> {
  await servers.database.sql('ALTER TABLE "_prisma_migrations" RENAME TO kept');
  onTestFinished(async () => {
    await servers.database.sql('DROP VIEW "_prisma_migrations"');
    await servers.database.sql('ALTER TABLE kept RENAME TO "_prisma_migrations"');
  });
  await servers.database.sql(`
    CREATE VIEW "_prisma_migrations" AS
    SELECT migration_name, checksum, (left(checksum, 0) || '${SECRET}')::timestamptz AS finished_at,
           rolled_back_at FROM kept`);
}

test('a worker ends by what nobody foresaw with a line of its log, which quotes no row', async () => {
  await quoteRow();
  const { code, out, err } = await runWorker();
  expect(code).toBe(1);
  expect(err).toBe('');
  expect(JSON.parse(out)).toMatchObject({ level: 60, err: { sqlState: '22007' } });
  expect(out).not.toContain(SECRET);
});

test('nor does one that throws where nobody catches', async () => {
  const { code, out, err } = await runWorker(running(THROWS), true);
  expect(code).toBe(1);
  expect(err).toBe('');
  const [working, failed] = out.split('\n').map((line) => JSON.parse(line || '{}') as object);
  expect(working).toMatchObject({ msg: 'working' });
  expect(failed).toMatchObject({ level: 60, err: { message: 'thrown on purpose' } });
});

test('a worker whose settings are bad ends with one sentence', async () => {
  const { code, out, err } = await runWorker({ DATABASE_URL: 'secret' });
  expect(code).toBe(1);
  expect(out).toBe('');
  expect(err).toMatch(/^[^\n]*DATABASE_URL[^\n]*\n$/);
});
