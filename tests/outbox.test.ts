import { once } from 'node:events';
import { runOnce, type TaskList } from 'graphile-worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listenForChanges, type Change } from '../src/database/changes.js';
import { openDatabase, type Database } from '../src/database/client.js';
import { createLogger } from '../src/observability/logger.js';
import { openOutbox, OUTBOX_FIGURES } from '../src/database/outbox.js';
import { workerLogger } from '../src/jobs/worker-log.js';
import { useApi } from './support/api.js';
import { donate, openJar } from './support/factories.js';
import { EventEmitter } from 'node:stream';
import { outboxEmpty } from './support/outbox.js';
import { SOON } from './support/patience.js';

const api = useApi();

/** Whose queue has room for ten mails. */
const full = useApi({ outbox: { batch: 4, queued: 10 } });

const log = createLogger('silent');
let db: Database;
beforeAll(() => {
  db = openDatabase(api.database.url, 3, log);
});
afterAll(() => db.close());

const waiting = () => api.database.sql('SELECT kind, subject FROM outbox ORDER BY id');
const jobs = (of = api) =>
  of.database.sql<{ key: string; count: number }>(
    'SELECT key, count(*)::int FROM graphile_worker.jobs GROUP BY key ORDER BY key',
  );

/** Whoever hears of changes, as another process would. */
async function otherProcess(of = api) {
  const heard: Change[] = [];
  const turns = new EventEmitter();
  const listening = listenForChanges(
    of.database.url,
    { hear: (hears) => turns.emit(String(hears)), changed: (change) => heard.push(change) },
    log,
  );
  await once(turns, 'true');
  return { heard, close: () => listening.close() };
}

test('a donation leaves its mails and its announcement, which are sent and gone', async () => {
  const { campaign } = await openJar(api);
  const other = await otherProcess();
  const { id } = await donate(api, campaign);
  await expect.poll(() => other.heard, SOON).toContainEqual({ of: 'gifts', id: campaign.id });
  await outboxEmpty(api.database);
  expect(await jobs()).toEqual(
    expect.arrayContaining([
      { key: `gift_notice ${id}`, count: 1 },
      { key: `gift_receipt ${id}`, count: 1 },
    ]),
  );
  await other.close();
});

test('what a program leaves that is not ours, or a process that died, is sent by whoever looks', async () => {
  const other = await otherProcess();
  const outbox = openOutbox(db, log, { ...OUTBOX_FIGURES, gather: 1, look: 20 });
  await api.database.sql("INSERT INTO outbox (kind, subject) VALUES ('page', 7), ('campaign', 8)");
  await expect.poll(() => other.heard, SOON).toContainEqual({ of: 'campaign', id: 8 });
  expect(other.heard).toContainEqual({ of: 'page', id: 7 });
  await outbox.close();
  await other.close();
});

test('two that send at once send each row once, in batches, whatever another holds', async () => {
  await api.database.sql(
    "INSERT INTO outbox (kind, subject) SELECT 'gift_returned', n FROM generate_series(1000001, 1000400) n",
  );
  const senders = [1, 2].map(() =>
    openOutbox(db, log, { ...OUTBOX_FIGURES, gather: 1, look: 60_000, batch: 7 }),
  );
  for (const sender of senders) sender.soon();
  await outboxEmpty(api.database);
  await Promise.all(senders.map((sender) => sender.close()));
  const returned = (await jobs()).filter(({ key }) => key.startsWith('gift_returned'));
  expect(returned).toHaveLength(400);
  expect(returned.every(({ count }) => count === 1)).toBe(true);
});

test('more campaigns than a notification can name are announced as any', async () => {
  const other = await otherProcess();
  const outbox = openOutbox(db, log, { ...OUTBOX_FIGURES, gather: 1, look: 20, batch: 2_000 });
  await api.database.sql(
    "INSERT INTO outbox (kind, subject) SELECT 'gifts', n FROM generate_series(1, 1500) n",
  );
  await expect.poll(() => other.heard, SOON).toContainEqual({ of: 'all' });
  await outbox.close();
  await other.close();
});

test('mails wait in the outbox while the queue has no room, and keep no change waiting', async () => {
  const other = await otherProcess(full);
  const sql = (text: string) => full.database.sql(text);
  await sql(
    "INSERT INTO outbox (kind, subject) SELECT 'gift_notice', n FROM generate_series(1, 25) n",
  );
  await sql("INSERT INTO outbox (kind, subject) VALUES ('page', 11)");
  await expect.poll(() => other.heard, SOON).toContainEqual({ of: 'page', id: 11 });
  await expect.poll(() => jobs(full), SOON).toHaveLength(10);
  // It has looked once more when this arrives.
  await sql("INSERT INTO outbox (kind, subject) VALUES ('page', 12)");
  await expect.poll(() => other.heard, SOON).toContainEqual({ of: 'page', id: 12 });
  expect(await jobs(full)).toHaveLength(10);
  await sql('DELETE FROM graphile_worker._private_jobs');
  await expect.poll(() => jobs(full), SOON).toHaveLength(10);
  expect(await sql('SELECT FROM outbox')).toHaveLength(5);
  await other.close();
});

test('mails that a person waits for come before those of donations, and take none of their room', async () => {
  const sql = (text: string) => full.database.sql(text);
  await sql('DELETE FROM outbox');
  const { parent, campaign } = await openJar(full);
  await sql('DELETE FROM graphile_worker._private_jobs');
  for (let n = 0; n < 3; n += 1) await donate(full, campaign);
  await outboxEmpty(full.database);
  await full.post('/api/auth/email/resend/', {}, parent.access).expect(202);
  await sql(
    "SELECT graphile_worker.add_job('send_mail', '{}', job_key => n::text) FROM generate_series(1, 10) n",
  );
  await donate(full, campaign);
  await outboxEmpty(full.database);
  await sql("DELETE FROM graphile_worker._private_jobs WHERE payload::text = '{}'");

  const sent: string[] = [];
  const taskList: TaskList = {
    send_mail: (job) => void sent.push((job as { mail: string }).mail),
  };
  // The same queue, one job at a time.
  await runOnce({
    connectionString: full.database.url,
    taskList,
    concurrency: 1,
    noHandleSignals: true,
    logger: workerLogger(log),
  });
  expect(sent).toHaveLength(9);
  expect(sent[0]).toBe('verify_email');
});

test('closing sends what was gathered', async () => {
  const outbox = openOutbox(db, log, { ...OUTBOX_FIGURES, gather: 60_000, look: 60_000 });
  await api.database.sql("INSERT INTO outbox (kind, subject) VALUES ('page', 9)");
  outbox.soon();
  await outbox.close();
  expect(await waiting()).toEqual([]);
});
