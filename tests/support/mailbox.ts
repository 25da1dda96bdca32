import { afterAll, beforeAll } from 'vitest';
import type { Settings } from '../../src/context.js';
import { startWorker, type RunningWorker } from '../../src/jobs/worker.js';
import type { Api } from './api.js';
import { outboxEmpty } from './outbox.js';
import { headerOf, openSmtp, partsOf, type ReceivedMail, type TestSmtp } from './smtp.js';
import { MAIL_FROM, SETTINGS } from './worker.js';

/** A mail as a person reads it. */
export interface Letter {
  subject: string;
  text: string;
}

/** What people find in their mail, sent by a real worker over a real SMTP server. */
export interface Mailbox {
  /** The next mail to an address that hasn't been read yet, as soon as it is there. */
  next(to: string): Promise<Letter>;
  /** Mails to an address that nobody has read yet. */
  unread(to: string): Letter[];
  /** Ends once no job waits any more. */
  settled(): Promise<void>;
}

/** Delivers the mail of an API for the tests of a file; `settings` are the worker's. */
export function useMailbox(api: Api, settings: Partial<Settings> = {}): Mailbox {
  let smtp: TestSmtp;
  let worker: RunningWorker;
  const waiting: { to: string; open: (letter: Letter) => void }[] = [];
  const unread: { to: string; letter: Letter }[] = [];

  beforeAll(async () => {
    smtp = await openSmtp((mail) => mail.to.forEach((to) => deliver(to, letterOf(mail))));
    worker = startWorker({
      config: { mail: { smtpUrl: smtp.url, from: MAIL_FROM }, dataDir: '/nowhere' },
      settings: { ...SETTINGS, frontendUrl: undefined, ...settings },
      databaseUrl: api.database.url,
      db: api.db,
      log: api.log,
    });
  });
  afterAll(async () => {
    await worker.stop();
    await smtp.close();
  });

  function deliver(to: string, letter: Letter): void {
    const reader = waiting.findIndex((one) => one.to === to);
    if (reader === -1) unread.push({ to, letter });
    else waiting.splice(reader, 1)[0]!.open(letter);
  }

  return {
    next: (to) => {
      const here = unread.findIndex((one) => one.to === to);
      if (here !== -1) return Promise.resolve(unread.splice(here, 1)[0]!.letter);
      return new Promise((open) => waiting.push({ to, open }));
    },
    unread: (to) => unread.filter((one) => one.to === to).map(({ letter }) => letter),
    settled: async () => {
      await outboxEmpty(api.database);
      for (;;) {
        const jobs = await api.database.sql('SELECT FROM graphile_worker.jobs');
        if (jobs.length === 0) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

function letterOf({ raw }: ReceivedMail): Letter {
  return { subject: headerOf(raw, 'Subject') ?? '', text: partsOf(raw).text };
}

/** The code in a mail: eight characters of base32 on a line of their own. */
export function codeIn({ text }: Letter): string {
  return /^ {4}([\dA-HJKMNP-TV-Z]{8})\r?$/m.exec(text)?.[1] ?? 'no code';
}

/** The long token in a mail. */
export function tokenIn({ text }: Letter): string {
  return /[\w-]{43}/.exec(text)?.[0] ?? 'no token';
}
