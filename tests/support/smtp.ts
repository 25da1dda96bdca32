import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail as a server took it. */
export interface ReceivedMail {
  raw: string;
  messageId: string;
  /** Of the envelope. */
  from: string;
  to: string[];
}

/** What a server does with a mail that it has read: takes it, refuses it by throwing, or lets it wait. */
export type Reception = (mail: ReceivedMail) => Promise<void> | void;

export interface TestSmtp {
  url: string;
  /** All that was read, and all that was also taken. */
  seen: ReceivedMail[];
  taken: ReceivedMail[];
  receive: Reception;
  /** Addresses that have no mailbox here: refused by 550 before the mail is read. */
  unknown: Set<string>;
  close(): Promise<void>;
}

/** A real SMTP server on loopback. */
export async function openSmtp(receive: Reception = () => undefined): Promise<TestSmtp> {
  const seen: ReceivedMail[] = [];
  const taken: ReceivedMail[] = [];
  const unknown = new Set<string>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onRcptTo: ({ address }, _session, answer) => {
      const refusal = Object.assign(new Error(`no mailbox ${address}`), { responseCode: 550 });
      answer(unknown.has(address) ? refusal : null);
    },
    onData: (stream, { envelope }, answer) => {
      let raw = '';
      stream.setEncoding('utf8').on('data', (text) => (raw += String(text)));
      stream.on('end', () => {
        const mail = {
          raw,
          messageId: headerOf(raw, 'Message-ID')!,
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to: envelope.rcptTo.map(({ address }) => address),
        };
        seen.push(mail);
        Promise.resolve()
          .then(() => smtp.receive(mail))
          .then(
            () => {
              taken.push(mail);
              answer();
            },
            (error: unknown) => answer(error as Error),
          );
      });
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  const smtp: TestSmtp = {
    url: `smtp://127.0.0.1:${port}`,
    seen,
    taken,
    receive,
    unknown,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
  return smtp;
}

/** For a reception: the server is busy, as SMTP says it. */
export function busy(): never {
  throw Object.assign(new Error('busy, says ida@example.com'), { responseCode: 451 });
}

/** A header of a mail, unfolded. */
export function headerOf(raw: string, name: string): string | undefined {
  return headersOf(raw).find(([one]) => one === name.toLowerCase())?.[1];
}

/** All headers of a mail, unfolded, their names in lower case. */
export function headersOf(raw: string): [name: string, value: string][] {
  const [head = ''] = raw.split('\r\n\r\n', 1);
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return lines.map((line) => {
    const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/s.exec(line) ?? [];
    return [name.toLowerCase(), value];
  });
}

/** The text and the HTML of a mail, decoded. */
export function partsOf(raw: string): { text: string; html: string } {
  const boundary = /boundary="([^"]+)"/.exec(headerOf(raw, 'Content-Type') ?? '')![1]!;
  const parts = raw.split(`--${boundary}`).map((part) => part.replace(/^\r\n/, ''));
  const bodyOf = (type: string) => {
    const part = parts.find((one) => headerOf(one, 'Content-Type')?.startsWith(type))!;
    const body = part.slice(part.indexOf('\r\n\r\n') + 4);
    const encoding = headerOf(part, 'Content-Transfer-Encoding');
    if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
    return encoding === 'quoted-printable' ? fromQuotedPrintable(body) : body;
  };
  return { text: bodyOf('text/plain'), html: bodyOf('text/html') };
}

function fromQuotedPrintable(body: string): string {
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
