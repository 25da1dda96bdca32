import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../src/database/client.js';
import { enqueue } from '../src/database/enqueue.js';
import { migrate } from '../src/database/migrate.js';
import { busy, openSmtp, type TestSmtp } from './support/smtp.js';
import { openSwitchableProxy } from './support/switchable-proxy.js';
import { openWorkplace, type Workplace } from './support/worker.js';
import { PATIENCE } from './support/patience.js';

/** A recovery polls and restarts. */
const RECOVERY = { timeout: PATIENCE, interval: 20 };

let place: Workplace;
let smtp: TestSmtp;
/** Ended in the reverse order after each test. */
const undo: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  place = await openWorkplace();
  smtp = await openSmtp();
  undo.push(
    () => place.close(),
    () => smtp.close(),
  );
});
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

function work(databaseUrl = place.database.url) {
  const worker = place.start({ smtpUrl: smtp.url, databaseUrl });
  undo.push(() => worker.stop());
  return worker;
}

const recipients = () => smtp.taken.map(({ to: [to] }) => to);

test('a job is added with the change that causes it', async () => {
  await place.db.transaction(async (tx) => {
    await tx.rateLimit.create({ data: { key: 'the change' } });
    await enqueue(tx, 'send_mail', { mail: 'password_changed', parentId: 7 });
    expect(await place.jobs()).toEqual([]);
  });
  expect(await place.jobs()).toHaveLength(1);
  expect(await place.database.sql('SELECT key FROM rate_limits')).toHaveLength(1);
});

test('a change that is undone leaves no job, and one whose job fails is undone', async () => {
  const undone = place.db.transaction(async (tx) => {
    await enqueue(tx, 'send_mail', { mail: 'password_changed', parentId: 7 });
    throw new Error('changed my mind');
  });
  await expect(undone).rejects.toThrow('changed my mind');

  await place.database.sql('ALTER FUNCTION graphile_worker.add_jobs RENAME TO gone');
  const withoutJob = place.db.transaction(async (tx) => {
    await tx.rateLimit.create({ data: { key: 'the change' } });
    await enqueue(tx, 'send_mail', { mail: 'password_changed', parentId: 7 });
  });
  await expect(withoutJob).rejects.toThrow();
  expect(await place.jobs()).toEqual([]);
  expect(await place.database.sql('SELECT key FROM rate_limits')).toEqual([]);
});

test('of jobs with one key the newest alone is done', async () => {
  const mail = (to: string, key: string) => place.enqueueMail(to, { key });
  await mail('first@example.com', 'same');
  await mail('second@example.com', 'same');
  await mail('other@example.com', 'another');
  expect((await place.jobs()).map(({ key }) => key)).toEqual(['same', 'another']);
  work();
  await expect.poll(recipients, RECOVERY).toHaveLength(2);
  expect(recipients().sort()).toEqual(['other@example.com', 'second@example.com']);
});

test('a job that fails is tried again, later each time, and repeats the id of its message', async () => {
  smtp.receive = busy;
  await place.enqueueMail('ida@example.com');
  work();
  const delays: number[] = [];
  for (const attempt of [1, 2, 3]) {
    await expect
      .poll(async () => (await place.jobs())[0], RECOVERY)
      .toMatchObject({ attempts: attempt, locked_by: null });
    const [job] = await place.jobs();
    delays.push(job!.delay);
    expect(job!.last_error).toBe('The mail was not taken (EMESSAGE 451).');
    if (attempt === 3) smtp.receive = () => undefined;
    await place.hurry();
  }
  // e, e², e³ seconds, less what has passed since.
  [2.7, 7.4, 20.1].forEach((seconds, index) => {
    expect(delays[index]).toBeGreaterThan(seconds - 2);
    expect(delays[index]).toBeLessThan(seconds + 0.1);
  });
  await expect.poll(place.jobs, RECOVERY).toEqual([]);
  expect(smtp.seen).toHaveLength(4);
  expect(new Set(smtp.seen.map(({ messageId }) => messageId)).size).toBe(1);
  expect(smtp.seen[0]!.messageId).toMatch(/^<\d+\.0\.\d+@dreamjar\.example>$/);
});

test('a job of an account that is gone is done with', async () => {
  await place.db.transaction(async (tx) => {
    for (const mail of [
      'verify_email',
      'password_reset',
      'password_changed',
      'google_linked',
    ] as const) {
      await enqueue(tx, 'send_mail', { mail, parentId: 7 });
    }
    await enqueue(tx, 'send_mail', { mail: 'address_changed', undoId: 7 });
    await enqueue(tx, 'request_password_reset', { parentId: 7, undoId: null });
  });
  work();
  await expect.poll(place.jobs, RECOVERY).toEqual([]);
  expect(smtp.seen).toEqual([]);
});

test('a stop lets the job at work finish', async () => {
  let release = () => undefined as void;
  smtp.receive = () => new Promise((resolve) => (release = resolve));
  await place.enqueueMail('ida@example.com');
  const worker = work();
  await expect.poll(() => smtp.seen, RECOVERY).toHaveLength(1);
  const stopped = worker.stop();
  release();
  await stopped;
  expect(await place.jobs()).toEqual([]);
  expect(smtp.taken).toHaveLength(1);
});

test('a stop gives back in time what does not finish', async () => {
  smtp.receive = () => new Promise(() => undefined);
  for (const one of [1, 2, 3, 4]) await place.enqueueMail(`${one}@example.com`);
  const worker = work();
  await expect.poll(() => smtp.seen, RECOVERY).toHaveLength(3);
  await worker.stop();
  const jobs = await place.jobs();
  expect(jobs.map(({ locked_by }) => locked_by)).toEqual([null, null, null, null]);
  expect(jobs.filter(({ attempts }) => attempts === 1)).toHaveLength(3);
});

test('a database that goes away and comes back is worked on again', async () => {
  const proxy = await openSwitchableProxy(place.database.url);
  undo.push(() => proxy.close());
  work(proxy.url);
  await place.enqueueMail('before@example.com');
  await expect.poll(recipients, RECOVERY).toEqual(['before@example.com']);
  await proxy.refuse();
  await place.enqueueMail('during@example.com');
  await proxy.restore();
  await expect.poll(recipients, RECOVERY).toContain('during@example.com');
});

test('a worker that starts without a database begins once there is one', async () => {
  const proxy = await openSwitchableProxy(place.database.url);
  undo.push(() => proxy.close());
  await proxy.refuse();
  await place.enqueueMail('ida@example.com');
  work(proxy.url);
  await expect.poll(() => place.logged.join(''), RECOVERY).toContain('the worker can not run now');
  await proxy.restore();
  await expect.poll(recipients, RECOVERY).toEqual(['ida@example.com']);
});

test('a database that goes away amid a job costs no mail and no process', async () => {
  const proxy = await openSwitchableProxy(place.database.url);
  undo.push(() => proxy.close());
  let outage: Promise<void> | undefined;
  smtp.receive = () => (outage ??= proxy.refuse());
  work(proxy.url);
  await place.enqueueMail('ida@example.com');
  await expect.poll(recipients, RECOVERY).toHaveLength(1);
  expect(await place.jobs()).toMatchObject([{ attempts: 1, locked_by: expect.any(String) }]);
  await place.enqueueMail('ben@example.com');
  await proxy.restore();
  await expect.poll(place.jobs, RECOVERY).toEqual([]);
  expect(recipients()).toContain('ben@example.com');
});

test('a role that may not create can enqueue and work, once the tables are there', async () => {
  const role = `serving_${randomUUID().slice(0, 8)}`;
  await place.database.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'for tests'`);
  undo.splice(1, 0, () => place.database.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
  for (const schema of ['public', 'graphile_worker']) {
    await place.database.sql(
      `GRANT USAGE ON SCHEMA ${schema} TO ${role};
       GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role};
       GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`,
    );
  }
  const url = new URL(place.database.url);
  url.username = role;
  url.password = 'for tests';
  expect(await migrate(url.href)).toEqual([]);
  const db = openDatabase(url.href, 2, place.log);
  const parentId = await place.addressee('ida@example.com');
  await db.transaction((tx) => enqueue(tx, 'send_mail', { mail: 'password_changed', parentId }));
  await db.close();
  work(url.href);
  await expect.poll(place.jobs, RECOVERY).toEqual([]);
  expect(recipients()).toEqual(['ida@example.com']);
});
