import { createTransport } from 'nodemailer';
import { StartError } from '../core/errors.js';
import { isMailAddress, isSenderAddress } from '../core/mail-address.js';
import { createMailFolder } from './mail-folder.js';

/** Milliseconds. The last bounds a delivery as a whole, whatever the server does. */
const WAIT = { connection: 10_000, greeting: 10_000, silence: 20_000, delivery: 45_000 };

const CONNECTIONS = 3;

/** A name, perhaps, and an address in angle brackets; or the address alone. */
const SENDER = /^(?:"?([^"<>\p{C}]*?)"?\s*<([^<>]+)>|([^<>]+))$/u;

/** A mail to one person. */
export interface Mail {
  /** Stays the same when the same mail is sent again, so that a mailbox may tell. */
  messageId: string;
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** The server will never take this mail: the recipient isn't there, or the message is refused as it is. */
export class MailRefused extends Error {
  constructor(
    message: string,
    /** SMTP's, such as 550. */
    readonly responseCode: number | undefined,
  ) {
    super(message);
  }
}

/** The way out for mail. */
export interface Mailer {
  /**
   * Gives the mail away, for good once the promise resolves.
   * @throws MailRefused when trying again would be of no use. @throws Error when the mail was not taken now, or
   * `signal` ended the attempt. Neither names an address.
   */
  send(mail: Mail, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** Where mail goes, and from whom. */
export interface MailerOptions {
  /** Absent: each mail becomes a file in `mail/` of the data folder. */
  smtpUrl: string | undefined;
  /** The sender, such as `DreamJar <no-reply@dreamjar.example>`. */
  from: string;
  dataDir: string;
}

/** Connects on first use. @throws StartError when `from` is not an address. */
export function createMailer({ smtpUrl, from, dataDir }: MailerOptions): Mailer {
  const sender = parseSender(from);
  const out = smtpUrl === undefined ? createMailFolder(dataDir) : openSmtp(smtpUrl);
  return {
    send: async (mail, signal) => {
      if (!isMailAddress(mail.to)) {
        throw new MailRefused('The recipient is not an address.', undefined);
      }
      const { to, subject, ...content } = mail;
      try {
        await out.send(
          {
            ...content,
            from: sender,
            to: { name: '', address: to },
            envelope: { from: sender.address, to: [to] },
            subject: oneLine(subject),
            headers: { 'Auto-Submitted': 'auto-generated' },
            disableFileAccess: true,
            disableUrlAccess: true,
          },
          AbortSignal.any([AbortSignal.timeout(WAIT.delivery), ...(signal ? [signal] : [])]),
        );
      } catch (error) {
        throw notTaken(error);
      }
    },
    close: () => out.close(),
  };
}

interface SmtpError {
  code?: string;
  responseCode?: number;
  /** The command that was answered with a failure. */
  command?: string;
}

/** A 5xx to these is about the recipient or the message; to others, about the sender or the connection. */
const ABOUT_THIS_MAIL = new Set<string | undefined>(['RCPT TO', 'DATA']);

/** The domain of a sender, which the ids of its messages end with. */
export function domainOf(from: string): string {
  return parseSender(from).address.split('@')[1]!;
}

function parseSender(from: string): { name: string; address: string } {
  const [, name = '', inBrackets, alone = ''] = SENDER.exec(from.trim()) ?? [];
  const address = inBrackets ?? alone;
  if (!isSenderAddress(address)) {
    throw new StartError(
      'MAIL_FROM is not an address such as DreamJar <no-reply@dreamjar.example>.',
    );
  }
  return { name, address };
}

function openSmtp(url: string) {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    // A connection that breaks fails the mail: the queue knows better when to try again.
    maxRequeues: 0,
    connectionTimeout: WAIT.connection,
    greetingTimeout: WAIT.greeting,
    socketTimeout: WAIT.silence,
    dnsTimeout: WAIT.connection,
  });
  return {
    send: async (mail: object, signal: AbortSignal) => {
      await transport.sendMail({ ...mail, signal });
    },
    close: () => transport.close(),
  };
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** What servers answer quotes the addresses; codes do not. */
function notTaken(error: unknown): Error {
  const { code = 'no code', responseCode, command } = error as SmtpError;
  const message = `The mail was not taken (${[code, responseCode].filter(Boolean).join(' ')}).`;
  const isFinal = responseCode !== undefined && responseCode >= 500;
  return isFinal && ABOUT_THIS_MAIL.has(command)
    ? new MailRefused(message, responseCode)
    : new Error(message);
}
