import escapeHtml from 'escape-html';

/** What a mail says, as text and as HTML. */
export interface Letter {
  subject: string;
  text: string;
  html: string;
}

/** A mail that is still wanted, once it is written. */
export interface WrittenMail {
  to: string;
  letter: Letter;
  /** Whether the account that it is about has proven to read the address. */
  isProven?: boolean;
}

/** A paragraph; or something to copy, or to open. */
type Part = string | { copy: string } | { open: string; label: string };

/** For those who may not be the person who chose the name of the account. */
export const NO_NAME = '';

/**
 * The address of a page of the app, if there is an app. What is secret stands after the #, which browsers keep to
 * themselves: neither servers nor other sites see it.
 */
export function pageOfApp(frontendUrl: string | undefined, page: string): string | undefined {
  return frontendUrl && `${frontendUrl}/${page}`;
}

/** A mail of ours: greeting, parts, farewell. `name` is that of the reader, or `NO_NAME`. */
export function letter(subject: string, name: string, parts: Part[]): Letter {
  const greeting = greetingOf(name);
  const farewell = 'Warm wishes from DreamJar';
  const all = [greeting, ...parts, farewell];
  return {
    subject,
    text: `${all.map(asText).join('\n\n')}\n`,
    html:
      '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
      `<title>${escapeHtml(subject)}</title></head>` +
      '<body style="font:16px/1.5 sans-serif;color:#222;max-width:34em;margin:2em auto;padding:0 1em">' +
      `${all.map(asHtml).join('')}</body></html>`,
  };
}

function greetingOf(name: string): string {
  const fit = presentable(name);
  return fit === null ? 'Hello,' : `Hello ${fit},`;
}

/**
 * Anyone who registers or donates chooses a name and an address, and the address may be somebody else's. So a name that
 * looks like a link or an advertisement is not passed on in our mails. Gives null for such a name.
 */
export function presentable(name: string): string | null {
  const plain = onOneLine(name);
  return plain !== '' && plain.length <= 60 && !LINK.test(plain) ? plain : null;
}

/** What mail programs make a link of. */
const LINK = /:\/|@|[\p{L}\d]\.[\p{L}\d]{2}/u;

/** Another's words, told as such: what a mail program would make a link of is broken up. */
export function quoted(text: string): string {
  const plain = onOneLine(text)
    .replace(/:\//g, ': /')
    .replace(/@/g, ' at ')
    .replace(/(?<=[\p{L}\d])\.(?=[\p{L}\d]{2})/gu, '. ');
  return `"${plain}"`;
}

/** Without what would break the line, or turn its direction. */
function onOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim();
}

function asText(part: Part): string {
  if (typeof part === 'string') return part;
  return `    ${'copy' in part ? part.copy : part.open}`;
}

function asHtml(part: Part): string {
  if (typeof part === 'string') return `<p>${escapeHtml(part)}</p>`;
  if ('copy' in part) {
    return `<p style="font:bold 22px/1.5 monospace;overflow-wrap:anywhere">${escapeHtml(part.copy)}</p>`;
  }
  return `<p><a href="${escapeHtml(part.open)}" rel="noreferrer">${escapeHtml(part.label)}</a></p>`;
}
