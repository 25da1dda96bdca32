import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StartError } from '../src/core/errors.js';
import { requestVerification } from '../src/features/accounts/verification/verification.service.js';
import { createMailer, type Mail } from '../src/integrations/mailer.js';
import { addressChanged } from '../src/features/accounts/email-change/email-change.letters.js';
import { googleLinked } from '../src/features/accounts/google/google.letters.js';
import { passwordChanged } from '../src/features/accounts/parents/parents.letters.js';
import { passwordReset } from '../src/features/accounts/password-reset/password-reset.letters.js';
import { verifyEmail } from '../src/features/accounts/verification/verification.letters.js';
import { codeIn } from './support/mailbox.js';
import { busy, headerOf, headersOf, openSmtp, partsOf, type TestSmtp } from './support/smtp.js';
import { MAIL_FROM, openWorkplace, SETTINGS, type Workplace } from './support/worker.js';

const MAIL: Mail = {
  messageId: '<1.0.2@dreamjar.example>',
  to: 'ida@example.com',
  subject: 'Grüße aus dem Glas',
  text: 'Hello Ida,\n\n    123456\n',
  html: '<p>Hello Ida,</p>',
};

let smtp: TestSmtp;
let folder: string;

beforeAll(async () => {
  smtp = await openSmtp();
});
afterAll(() => smtp.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dreamjar-mail-'));
});
afterEach(async () => {
  smtp.seen.splice(0);
  smtp.taken.splice(0);
  smtp.receive = () => undefined;
  await rm(folder, { recursive: true });
});

/** Sends by one of the two ways and gives what left. */
async function sent(way: 'SMTP' | 'files', mail: Mail = MAIL, from = MAIL_FROM): Promise<string> {
  const smtpUrl = way === 'SMTP' ? smtp.url : undefined;
  const mailer = createMailer({ smtpUrl, from, dataDir: folder });
  try {
    await mailer.send(mail);
  } finally {
    mailer.close();
  }
  if (way === 'SMTP') return smtp.taken.at(-1)!.raw;
  const names = await readdir(join(folder, 'mail'));
  return readFile(join(folder, 'mail', names.sort().at(-1)!), 'utf8');
}

describe.each(['SMTP', 'files'] as const)('a mail by %s', (way) => {
  test('says who, to whom and what, in text and in HTML', async () => {
    const raw = await sent(way);
    expect(headerOf(raw, 'From')).toBe('DreamJar <no-reply@dreamjar.example>');
    expect(headerOf(raw, 'To')).toBe('ida@example.com');
    expect(headerOf(raw, 'Message-ID')).toBe('<1.0.2@dreamjar.example>');
    expect(headerOf(raw, 'Subject')).toMatch(/^=\?UTF-8\?/);
    expect(headerOf(raw, 'Auto-Submitted')).toBe('auto-generated');
    const { text, html } = partsOf(raw);
    expect(text.replaceAll('\r\n', '\n').trim()).toBe(MAIL.text.trim());
    expect(html.trim()).toBe(MAIL.html);
  });

  test.each([
    'ida@example.com\r\nBcc: eve@example.com',
    'ida@example.com\nBcc: eve@example.com',
    'ida@example.com, eve@example.com',
    'ida@example.com;eve@example.com',
    'Ida <ida@example.com>',
    '"eve@example.com" <ida@example.com>',
    '"ida@example.com eve"@example.org',
    'group: ida@example.com;',
    'ida@example.com\u0000',
    'ida@example.com\u2028x',
    'ida',
    '',
  ])('goes to one plain address or nowhere: %j', async (to) => {
    await expect(sent(way, { ...MAIL, to })).rejects.toThrow('The recipient is not an address.');
    expect(smtp.seen).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    'One\r\nBcc: eve@example.com',
    'One\nBcc: eve@example.com',
    'One\u0000\rBcc: eve@example.com',
  ])('has one subject and no other headers: %j', async (subject) => {
    const raw = await sent(way, { ...MAIL, subject });
    const names = headersOf(raw).map(([name]) => name);
    expect(names).not.toContain('bcc');
    expect(names.filter((name) => name === 'subject')).toHaveLength(1);
    expect(headerOf(raw, 'Subject')).toBe('One Bcc: eve@example.com');
  });

  test('keeps a message id to one line', async () => {
    const messageId = '<1@example.com>\r\nBcc: eve@example.com';
    const raw = await sent(way, { ...MAIL, messageId });
    expect(headersOf(raw).map(([name]) => name)).not.toContain('bcc');
  });

  test('takes no file and no page from elsewhere', async () => {
    const raw = await sent(way, { ...MAIL, html: { path: '/etc/hostname' } } as never).catch(
      (error: unknown) => String(error),
    );
    expect(raw).not.toContain(await readFile('/etc/hostname', 'utf8'));
  });
});

test.each([
  'nobody',
  '',
  'DreamJar <a@b.example>\r\nBcc: eve@example.com',
  'a@b.example, c@d.example',
])('a sender that is no address ends the start with one sentence: %j', (from) => {
  const create = () => createMailer({ smtpUrl: undefined, from, dataDir: folder });
  expect(create).toThrow(StartError);
  expect(create).toThrow(/^MAIL_FROM [^\n]+\.$/);
});

test('a sender may be an address alone, or have a quoted name', async () => {
  expect(headerOf(await sent('SMTP', MAIL, 'no-reply@b.example'), 'From')).toBe(
    'no-reply@b.example',
  );
  const quoted = headerOf(await sent('SMTP', MAIL, '"Dream, Jar" <no-reply@b.example>'), 'From');
  expect(quoted).toBe('"Dream, Jar" <no-reply@b.example>');
});

test('files are whole, for their owner alone, and sorted by time', async () => {
  for (const subject of ['first', 'second', 'third']) {
    await sent('files', { ...MAIL, subject });
    // The names tell milliseconds apart.
    const now = Date.now();
    while (Date.now() === now);
  }
  const names = (await readdir(join(folder, 'mail'))).sort();
  expect(names).toHaveLength(3);
  const subjects = [];
  for (const name of names) {
    expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-[0-9a-f]{8}\.eml$/);
    const path = join(folder, 'mail', name);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    subjects.push(headerOf(await readFile(path, 'utf8'), 'Subject'));
  }
  expect(subjects).toEqual(['first', 'second', 'third']);
});

test('a server that does not answer, refuses or is not there fails the mail and names nobody', async () => {
  smtp.receive = busy;
  await expect(sent('SMTP')).rejects.toThrow(/^The mail was not taken \(EMESSAGE 451\)\.$/);
  const nowhere = createMailer({ smtpUrl: 'smtp://127.0.0.1:1', from: MAIL_FROM, dataDir: folder });
  await expect(nowhere.send(MAIL)).rejects.toThrow(/^The mail was not taken \(\w+\)\.$/);
  smtp.receive = () => new Promise(() => undefined);
  const silent = createMailer({ smtpUrl: smtp.url, from: MAIL_FROM, dataDir: folder });
  const ending = new AbortController();
  const sending = silent.send(MAIL, ending.signal);
  await expect.poll(() => smtp.seen).toHaveLength(2);
  ending.abort();
  await expect(sending).rejects.toThrow(/^The mail was not taken \([\w ]+\)\.$/);
  silent.close();
});

describe('the letters', () => {
  const NASTY = `"Ida" <b onclick='x'>&amp;`;
  const LINK = `https://dreamjar.example/?a=1&b="><script>`;

  test.each([
    ['passwordReset', passwordReset({ name: NASTY, token: '<i>1&2</i>', link: LINK })],
    ['passwordReset without a link', passwordReset({ name: NASTY, token: '<i>1&2</i>' })],
    ['passwordChanged', passwordChanged({ name: NASTY })],
  ])('escape every value in HTML and none in text: %s', (_name, { subject, text, html }) => {
    expect(html).toContain('&quot;Ida&quot; &lt;b onclick=&#39;x&#39;&gt;&amp;amp;');
    for (const bad of ['<b ', '<i', '<script', '"Ida"', `'x'`]) expect(html).not.toContain(bad);
    expect(text).toContain(`Hello ${NASTY},`);
    expect(subject).not.toContain('Ida');
  });

  test.each([
    ['verifyEmail', verifyEmail({ code: '<i>1&2</i>', link: LINK })],
    ['addressChanged', addressChanged({ token: '<i>1&2</i>', hours: 72, link: LINK })],
    ['googleLinked', googleLinked()],
  ])('greet nobody where another may have chosen the name: %s', (_name, { text, html }) => {
    expect(text).toMatch(/^Hello,\n/);
    for (const bad of ['<i', '<script']) expect(html).not.toContain(bad);
  });

  test('have links only if there is a page to open, and nothing that tells that they were read', () => {
    const bare = [verifyEmail({ code: '7Q4D0XKM' }), passwordReset({ name: '', token: 'T0' })];
    for (const { text, html } of bare) expect(text + html).not.toMatch(/https?:|href/);
    expect(bare[0]!.text).toContain('7Q4D0XKM');
    expect(bare[1]!.text).toContain('T0');
    const linked = passwordReset({ name: '', token: 'T0', link: 'https://a.example/r#token=T0' });
    expect(linked.text).toContain('https://a.example/r#token=T0');
    expect(linked.html).toContain('href="https://a.example/r#token=T0"');
    expect(linked.html).not.toMatch(/<img|src=|url\(/);
  });

  test.each([
    ['Buy now at https://evil.example', 'Hello,'],
    ['see evil.example', 'Hello,'],
    ['write to eve@evil.example', 'Hello,'],
    ['x'.repeat(61), 'Hello,'],
    ['  ', 'Hello,'],
    ['', 'Hello,'],
    ['Ida\r\nBcc: eve', 'Hello Ida Bcc: eve,'],
    ['\u202Eadi', 'Hello adi,'],
    ['J. R. Ó Súilleabháin', 'Hello J. R. Ó Súilleabháin,'],
  ])("greet by a name, and carry nobody's advertisement: %j", (name, greeting) => {
    expect(passwordChanged({ name }).text.split('\n')[0]).toBe(greeting);
  });
});

describe('from the queue', () => {
  let place: Workplace;
  beforeEach(async () => {
    place = await openWorkplace();
  });
  afterEach(() => place.close());

  async function askToVerify(): Promise<void> {
    const { id } = await place.db.prisma.parent.create({
      data: {
        username: 'ida-sommer',
        email: 'ida.sommer@example.com',
        firstName: 'Idalina',
        googleSub: 'g-1',
      },
    });
    const ctx = { now: new Date(), settings: SETTINGS };
    await place.db.transaction((tx) => requestVerification(ctx, tx, id));
  }

  test("a code comes with a link that keeps it out of servers' logs", async () => {
    await askToVerify();
    const worker = place.start({ smtpUrl: smtp.url });
    await expect.poll(() => smtp.taken).toHaveLength(1);
    await worker.stop();
    const [mail] = smtp.taken;
    expect(mail).toMatchObject({
      to: ['ida.sommer@example.com'],
      from: 'no-reply@dreamjar.example',
    });
    const { text } = partsOf(mail!.raw);
    const [, code] = /^ {4}([\dA-HJKMNP-TV-Z]{8})\r?$/m.exec(text)!;
    expect(text).toContain(`https://dreamjar.example/app/verify-email#code=${code!}`);
    expect(text).toMatch(/^Hello,\r?\n/);
  });

  test('without a mail server it becomes a file', async () => {
    await askToVerify();
    const worker = place.start({ dataDir: folder });
    await expect.poll(place.jobs).toEqual([]);
    await worker.stop();
    const [name] = await readdir(join(folder, 'mail'));
    const raw = await readFile(join(folder, 'mail', name!), 'utf8');
    expect(headerOf(raw, 'To')).toBe('ida.sommer@example.com');
  });

  test('nothing personal reaches the log, whether mail is taken, refused or given up', async () => {
    await askToVerify();
    await place.enqueueMail('old.address@example.com', { name: 'Idalina' });
    await place.enqueueMail('not an address, old.address@example.com', { name: 'Idalina' });
    await place.database.sql('UPDATE graphile_worker._private_jobs SET max_attempts = 2');
    smtp.receive = ({ to: [to] }) => {
      throw Object.assign(new Error(`no mailbox ${to!} for Idalina`), { responseCode: 450 });
    };
    const worker = place.start({ smtpUrl: smtp.url });
    const failed = (attempts: number) =>
      expect
        .poll(place.jobs)
        .toEqual(
          Array.from({ length: 2 }, () => expect.objectContaining({ attempts, locked_by: null })),
        );
    await failed(1);
    await place.hurry();
    await failed(2);
    smtp.receive = () => undefined;
    await place.enqueueMail('old.address@example.com', { name: 'Idalina' });
    await expect.poll(() => smtp.taken).toHaveLength(1);
    await worker.stop();
    const told = place.logged.join('');
    expect(told).toContain('a job failed and will be tried again');
    expect(told).toContain('a job failed for the last time and was given up');
    const errors = (await place.jobs()).map(({ last_error }) => last_error).join();
    const secrets = [
      'example.com',
      'Idalina',
      'ida-sommer',
      'old.address',
      'no mailbox',
      'payload',
    ];
    const { text } = partsOf(smtp.seen.find(({ to }) => to[0] === 'ida.sommer@example.com')!.raw);
    secrets.push(codeIn({ subject: '', text }));
    for (const secret of secrets) expect(told + errors).not.toContain(secret);
  });
});
