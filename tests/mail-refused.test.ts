import { mkdtemp, readdir, rm, utimes, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../src/observability/logger.js';
import { mailboxOf } from '../src/core/mailbox.js';
import { createMailer, MailRefused } from '../src/integrations/mailer.js';
import { startWorker } from '../src/jobs/worker.js';
import { useApi } from './support/api.js';
import { registerParent } from './support/factories.js';
import { openSmtp, type TestSmtp } from './support/smtp.js';
import { MAIL_FROM, SETTINGS } from './support/worker.js';

const MAIL = {
  messageId: '<1@dreamjar.example>',
  to: 'ida@example.com',
  subject: 'Hello',
  text: 'Hello',
  html: '<p>Hello</p>',
};

const api = useApi();
let smtp: TestSmtp;
beforeAll(async () => {
  smtp = await openSmtp();
});
afterAll(() => smtp.close());
beforeEach(() => {
  smtp.receive = () => undefined;
  smtp.unknown.clear();
});

const mailer = () => createMailer({ smtpUrl: smtp.url, from: MAIL_FROM, dataDir: '/nowhere' });

test.each([
  ['a recipient that is not there', () => smtp.unknown.add(MAIL.to), 550],
  ['a message that is refused as it is', () => answerData(554), 554],
])('%s is refused for good', async (_what, arrange, responseCode) => {
  arrange();
  const out = mailer();
  const error: unknown = await out.send(MAIL).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(MailRefused);
  expect(error).toMatchObject({ responseCode });
  expect(String(error)).not.toContain('ida@');
  out.close();
});

test('a server that is busy refuses for now', async () => {
  answerData(451);
  const out = mailer();
  const error: unknown = await out.send(MAIL).catch((cause: unknown) => cause);
  expect(error).not.toBeInstanceOf(MailRefused);
  out.close();
});

test('a mail that is refused for good is tried once, and the log names ids alone', async () => {
  const parent = await registerParent(api);
  smtp.unknown.add(parent.email);
  const logged: string[] = [];
  const worker = startWorker({
    config: { mail: { smtpUrl: smtp.url, from: MAIL_FROM }, dataDir: '/nowhere' },
    settings: SETTINGS,
    databaseUrl: api.database.url,
    db: api.db,
    log: createLogger('trace', { write: (line: string) => void logged.push(line) }),
    schedule: [],
  });
  await expect.poll(() => api.database.sql('SELECT FROM graphile_worker.jobs')).toEqual([]);
  await worker.stop();
  const refused = logged.filter((line) => line.includes('refused for good'));
  expect(refused).toHaveLength(1);
  expect(JSON.parse(refused[0]!)).toMatchObject({ mail: 'verify_email', code: 550 });
  expect(logged.join('')).not.toContain(parent.email);
});

test.each([
  ['Aunt.Kate+dream@Example.org', 'aunt.kate@example.org'],
  ['Aunt.Kate+dream@Gmail.com', 'auntkate@gmail.com'],
  ['a.u.n.t.kate@googlemail.com', 'auntkate@gmail.com'],
  ['+only@example.org', '@example.org'],
  ['Aunt-Kate+dream@me.com', 'aunt-kate@icloud.com'],
  ['aunt-kate@mac.com', 'aunt-kate@icloud.com'],
  ['Aunt-Kate+dream@ya.ru', 'aunt.kate@yandex.ru'],
  ['aunt.kate@yandex.com', 'aunt.kate@yandex.ru'],
  ['a_u.n-t@pm.me', 'aunt@proton.me'],
  ['aunt+dream@protonmail.com', 'aunt@proton.me'],
  ['dream@Aunt.Fastmail.com', 'aunt@fastmail.com'],
  ['aunt.kate@fastmail.com', 'aunt.kate@fastmail.com'],
  ['aunt.k-dream@yahoo.co.uk', 'aunt.k@yahoo.co.uk'],
  ['aunt-dream@yahoo.com', 'aunt@yahoo.com'],
  ['aunt-kate@yahoo.example.org', 'aunt-kate@yahoo.example.org'],
])('%s reaches %s', (address, mailbox) => {
  expect(mailboxOf(address).address).toBe(mailbox);
});

test('files of mail are removed after seven days', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-mail-'));
  await mkdir(join(folder, 'mail'));
  const age = { 'old.eml': 7.1, '.old.part': 7.1, 'young.eml': 6.9, 'notes.txt': 100 };
  for (const [name, days] of Object.entries(age)) {
    const path = join(folder, 'mail', name);
    await writeFile(path, '');
    const moment = new Date(Date.now() - days * 86_400_000);
    await utimes(path, moment, moment);
  }
  const out = createMailer({ smtpUrl: undefined, from: MAIL_FROM, dataDir: folder });
  await expect
    .poll(async () => (await readdir(join(folder, 'mail'))).sort())
    .toEqual(['notes.txt', 'young.eml']);
  out.close();
  await rm(folder, { recursive: true });
});

test('production without a mail server says at the start what becomes of mail', async () => {
  const logged: string[] = [];
  const worker = startWorker({
    config: { mail: { smtpUrl: undefined, from: MAIL_FROM }, dataDir: tmpdir(), production: true },
    settings: SETTINGS,
    databaseUrl: api.database.url,
    db: api.db,
    log: createLogger('warn', { write: (line: string) => void logged.push(line) }),
    schedule: [],
  });
  await worker.stop();
  expect(logged.join('')).toContain('SMTP_URL is not set');
});

function answerData(responseCode: number): void {
  smtp.receive = () => {
    throw Object.assign(new Error('no, says ida@example.com'), { responseCode });
  };
}
