import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freeOrphans } from '../src/jobs/orphans.js';
import { builtAndWide } from './support/built.js';
import { openSmtp, type ReceivedMail, type TestSmtp } from './support/smtp.js';
import { MAIL_FROM, openWorkplace, type Workplace } from './support/worker.js';
import { PATIENCE } from './support/patience.js';

const MAILS = 24;
const SOON = { timeout: PATIENCE, interval: 10 };

let place: Workplace;
let smtp: TestSmtp;
const running = new Set<ChildProcess>();

beforeEach(async () => {
  place = await openWorkplace();
  smtp = await openSmtp();
});
afterEach(async () => {
  running.forEach((process) => process.kill('SIGKILL'));
  await smtp.close();
  await place.close();
});

/** A worker as a process of its own, or within a server. */
function startProcess(program: 'worker' | 'server' = 'worker'): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, builtAndWide(`process/${program}`), {
    env: {
      PATH,
      HOME,
      PORT: '0',
      NODE_ENV: 'test',
      DATABASE_URL: place.database.url,
      DATA_DIR: '/nowhere',
      JWT_SECRET: 'x'.repeat(32),
      SMTP_URL: smtp.url,
      MAIL_FROM,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.stdout.resume();
  child.once('exit', () => running.delete(child));
  return child;
}

async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<unknown> {
  const exit = once(child, 'exit');
  child.kill(signal);
  return (await exit)[0];
}

/** Runs a worker until the server has read so many mails, which wait for an answer, and kills it then. */
async function killAmid(count: number, answer: (mail: ReceivedMail) => boolean): Promise<void> {
  const before = smtp.seen.length;
  smtp.receive = (mail) => (answer(mail) ? undefined : new Promise(() => undefined));
  const child = startProcess();
  await expect.poll(() => smtp.seen.length, SOON).toBeGreaterThanOrEqual(before + count);
  await kill(child);
}

const messagesTo = (recipient: string) => smtp.seen.filter(({ to }) => to[0] === recipient);

test('a worker killed amid its mails loses none, and repeats the id of one sent twice', async () => {
  const recipients = Array.from({ length: MAILS }, (_, index) => `parent-${index}@example.com`);
  for (const to of recipients) await place.enqueueMail(to);

  // While the server has the mails and has answered none; then, while it answers every other one.
  await killAmid(3, () => false);
  let turn = 0;
  await killAmid(5, () => (turn += 1) % 2 === 0);
  const locked = (await place.jobs()).filter(({ locked_by }) => locked_by !== null);
  expect(locked.length).toBeGreaterThan(0);

  smtp.receive = () => undefined;
  const last = startProcess();
  await expect.poll(place.jobs, SOON).toEqual([]);
  expect(await kill(last, 'SIGTERM')).toBe(0);

  const taken = new Set(smtp.taken.map(({ to: [to] }) => to));
  expect([...taken].sort()).toEqual([...recipients].sort());
  const repeated = recipients.filter((to) => messagesTo(to).length > 1);
  expect(repeated.length).toBeGreaterThanOrEqual(3);
  const ids = recipients.map((to) => [
    ...new Set(messagesTo(to).map(({ messageId }) => messageId)),
  ]);
  expect(ids.map(({ length }) => length)).toEqual(recipients.map(() => 1));
  expect(new Set(ids.flat()).size).toBe(MAILS);
});

test('the jobs of a worker are its own while it lives, and free once it is dead', async () => {
  smtp.receive = () => new Promise(() => undefined);
  await place.enqueueMail('ida@example.com');
  const child = startProcess();
  await expect.poll(() => smtp.seen, SOON).toHaveLength(1);
  expect(await freeOrphans(place.db, 'another worker')).toBe(0);
  expect(await place.jobs()).toMatchObject([{ attempts: 1, locked_by: expect.any(String) }]);

  await kill(child);
  // PostgreSQL notices a moment later than we do.
  await expect.poll(() => freeOrphans(place.db, 'another worker'), SOON).toBe(1);
  expect(await place.jobs()).toMatchObject([{ attempts: 1, locked_by: null }]);
});

test('a worker that has only just begun is not taken for dead', async () => {
  await place.enqueueMail('ida@example.com');
  const lockedFor = (seconds: number) =>
    place.database.sql(
      `UPDATE graphile_worker._private_jobs
          SET locked_by = 'another', locked_at = now() - interval '${seconds} seconds'`,
    );
  await lockedFor(1);
  expect(await freeOrphans(place.db, 'a worker')).toBe(0);
  await lockedFor(5);
  expect(await freeOrphans(place.db, 'a worker')).toBe(1);
});

test('a server does the jobs of a worker that died, and stops gracefully with its own', async () => {
  await place.enqueueMail('ida@example.com');
  await killAmid(1, () => false);
  smtp.receive = () => undefined;
  const server = startProcess('server');
  await expect.poll(place.jobs, SOON).toEqual([]);
  expect(smtp.taken.map(({ to }) => to)).toEqual([['ida@example.com']]);
  expect(await kill(server, 'SIGTERM')).toBe(0);
  const [left] = await place.database.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE '%LISTEN%jobs:insert%' AND pid <> pg_backend_pid()`,
  );
  expect(left).toEqual({ count: 0 });
});

test('what failed for good is kept for a week and then forgotten', async () => {
  await place.enqueueMail('ida@example.com');
  await place.enqueueMail('ben@example.com');
  await place.database.sql(
    `UPDATE graphile_worker._private_jobs SET attempts = max_attempts, run_at = now() - interval '6 days'`,
  );
  await freeOrphans(place.db, 'a worker');
  expect(await place.jobs()).toHaveLength(2);
  await place.database.sql(
    `UPDATE graphile_worker._private_jobs SET run_at = now() - interval '8 days' WHERE id = 1`,
  );
  await freeOrphans(place.db, 'a worker');
  expect((await place.jobs()).map(({ id }) => id)).toEqual(['2']);
});
