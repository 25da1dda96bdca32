/** What a mail says, as text and as HTML. */
export interface Letter {
  subject: string;
  text: string;
  html: string;
}

/** A paragraph; or something to copy, or to open. */
type Part = string | { copy: string } | { open: string; label: string };

/** For those who may not be the person who chose the name of the account. */
const NO_NAME = '';

const NOT_YOU = 'If this was not you, you need not do anything: nothing has changed.';

/** Asks a parent to prove that the address is theirs. With no link the bare code must do. */
export function verifyEmail(values: { code: string; link?: string | undefined }): Letter {
  const { code, link } = values;
  return letter('Your code for DreamJar', NO_NAME, [
    'Welcome! Please enter this code in DreamJar, so that we know that this address is yours:',
    { copy: code },
    ...(link === undefined ? [] : [{ open: link, label: 'Confirm my address' }]),
    'The code works for 10 minutes. We never ask for it by mail or by telephone.',
    'If you have not given this address to DreamJar, you can forget this mail.',
  ]);
}

/**
 * Tells the address that an account has left how to undo that. It names no other address: it may not be for these
 * eyes. With no link the bare token must do.
 */
export function addressChanged(values: {
  token: string;
  hours: number;
  link?: string | undefined;
}): Letter {
  const { token, hours, link } = values;
  return letter('Your DreamJar address was changed', NO_NAME, [
    'The address by which you sign in to DreamJar was changed. This old one no longer works, and you will get no more mail from us here.',
    'If you did that yourself, all is well.',
    `If you did not, someone else may be in your account. Within ${hours} hours of the change you can take it back to this address:`,
    ...(link === undefined
      ? ['Please enter this in DreamJar, where a change of the address is undone:', { copy: token }]
      : [{ open: link, label: 'Undo the change' }]),
    'That signs everybody out, and the password no longer works: we then mail you a link to set a new one. Please change the password of this mailbox too.',
  ]);
}

/** Tells a parent what the first sign-in by Google changed. */
export function googleLinked(): Letter {
  return letter('You can sign in to DreamJar by Google', NO_NAME, [
    'Your DreamJar account was opened by Google for the first time just now. From now on you can sign in that way.',
    'All other devices were signed out. If the account had a password that was never set by a link in a mail to this address, it no longer works; "Forgotten password" in DreamJar sets a new one.',
  ]);
}

/** Brings what is needed to set a new password. With no link the bare token must do. */
export function passwordReset(values: {
  name: string;
  token: string;
  link?: string | undefined;
}): Letter {
  const { name, token, link } = values;
  return letter('A new password for DreamJar', name, [
    'Someone, hopefully you, asked to set a new password for your DreamJar account.',
    ...(link === undefined
      ? ['Please enter this in DreamJar:', { copy: token }]
      : [{ open: link, label: 'Set a new password' }]),
    'It works once, for 30 minutes. Please pass it on to nobody.',
    NOT_YOU,
  ]);
}

/** Tells a parent that the password is another now. */
export function passwordChanged({ name }: { name: string }): Letter {
  return letter('Your DreamJar password was changed', name, [
    'The password of your DreamJar account was changed just now, and your other devices were signed out.',
    'If you did that yourself, all is well.',
    'If you did not, please set a new password at once with "Forgotten password" in DreamJar, and change the password of this mailbox too.',
  ]);
}

/** Thanks a donor, and says where the receipt is. With no link its number must do. */
export function giftReceipt(values: {
  name: string;
  amount: string;
  /** Null where the words of the campaign's parent are not to be passed on. */
  title: string | null;
  childName: string | null;
  number: string;
  link?: string | undefined;
}): Letter {
  const { name, amount, title, childName, number, link } = values;
  const child = childName === null ? null : presentable(childName);
  return letter('Thank you for your gift', name, [
    `Thank you! Your gift of ${amount}${toWhat(title)}${child === null ? '' : ` for ${child}`} has arrived.`,
    `Your receipt has the number ${number}.`,
    ...(link === undefined
      ? []
      : [
          { open: link, label: 'See your receipt' },
          'Whoever has this link can see your receipt, so please keep it to yourself.',
        ]),
  ]);
}

/** Tells a parent of a gift. It names nobody's address. */
export function giftNotice(values: {
  name: string;
  donorName: string;
  anonymous: boolean;
  amount: string;
  title: string;
}): Letter {
  const { name, donorName, anonymous, amount, title } = values;
  return letter('A gift for your DreamJar', name, [
    `${quoted(donorName)} gave ${amount} to ${quoted(title)}.`,
    ...(anonymous
      ? ['The gift is anonymous: the public sees "Anonymous" in place of a name.']
      : []),
  ]);
}

/** Tells a donor that the payment came too late. */
export function giftReturned(values: {
  name: string;
  amount: string;
  title: string | null;
}): Letter {
  const { name, amount, title } = values;
  return letter('Your gift goes back to you', name, [
    `Thank you for your gift of ${amount}${toWhat(title)}. When your payment arrived, the campaign had already closed, so it could not be counted.`,
    'The whole amount goes back to you the way you paid it. That takes a few days, and you need not do anything.',
  ]);
}

function letter(subject: string, name: string, parts: Part[]): Letter {
  const greeting = greetingOf(name);
  const farewell = 'Warm wishes from DreamJar';
  const all = [greeting, ...parts, farewell];
  return {
    subject,
    text: `${all.map(asText).join('\n\n')}\n`,
    html:
      '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
      `<title>${escape(subject)}</title></head>` +
      '<body style="font:16px/1.5 sans-serif;color:#222;max-width:34em;margin:2em auto;padding:0 1em">' +
      `${all.map(asHtml).join('')}</body></html>`,
  };
}

function greetingOf(name: string): string {
  const fit = presentable(name);
  return fit === null ? 'Hello,' : `Hello ${fit},`;
}

/**
 * Whoever registers or gives chooses a name and an address, which may be another person's: what looks like
 * a link or an advertisement is not passed on in our name. Gives null for such a name.
 */
function presentable(name: string): string | null {
  const plain = onOneLine(name);
  return plain !== '' && plain.length <= 60 && !LINK.test(plain) ? plain : null;
}

/** What mail programs make a link of. */
const LINK = /:\/|@|[\p{L}\d]\.[\p{L}\d]{2}/u;

/** Another's words, told as such: what a mail program would make a link of is broken up. */
function quoted(text: string): string {
  const plain = onOneLine(text)
    .replace(/:\//g, ': /')
    .replace(/@/g, ' at ')
    .replace(/(?<=[\p{L}\d])\.(?=[\p{L}\d]{2})/gu, '. ');
  return `"${plain}"`;
}

function toWhat(title: string | null): string {
  return title === null ? '' : ` to ${quoted(title)}`;
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
  if (typeof part === 'string') return `<p>${escape(part)}</p>`;
  if ('copy' in part) {
    return `<p style="font:bold 22px/1.5 monospace;overflow-wrap:anywhere">${escape(part.copy)}</p>`;
  }
  return `<p><a href="${escape(part.open)}" rel="noreferrer">${escape(part.label)}</a></p>`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
