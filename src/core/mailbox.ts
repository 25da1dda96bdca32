/** How many mails of one kind a mailbox is sent at most. */
export interface MailBudget {
  perHour: number;
  perDay: number;
  /** Further codes and links an hour, to the mailbox's address without a tag. */
  reservePerHour: number;
}

/** What a server sends: anyone may give, or register, in the name of any address. */
export const MAIL_BUDGET: MailBudget = { perHour: 10, perDay: 30, reservePerHour: 3 };

/** The mailbox that an address reaches. */
export interface Mailbox {
  /** The same for all its addresses. */
  address: string;
  /** Whether the address is one of any number that its owner, or a stranger, makes up by a tag. */
  isTagged: boolean;
}

/** A provider with several domains for one mailbox, and several spellings of a name. */
interface Provider {
  domain: string;
  plain?: (name: string) => string;
}

const GMAIL: Provider = { domain: 'gmail.com', plain: (name) => name.replaceAll('.', '') };
const ICLOUD: Provider = { domain: 'icloud.com' };
const PROTON: Provider = { domain: 'proton.me', plain: (name) => name.replace(/[._-]/g, '') };
/** A dot and a hyphen are the same there, and neither is the same as none. */
const YANDEX: Provider = { domain: 'yandex.ru', plain: (name) => name.replaceAll('-', '.') };

const PROVIDERS = new Map<string, Provider>([
  ['gmail.com', GMAIL],
  ['googlemail.com', GMAIL],
  ['icloud.com', ICLOUD],
  ['mac.com', ICLOUD],
  ['me.com', ICLOUD],
  ['pm.me', PROTON],
  ['proton.me', PROTON],
  ['protonmail.ch', PROTON],
  ['protonmail.com', PROTON],
  ['ya.ru', YANDEX],
  ['yandex.by', YANDEX],
  ['yandex.com', YANDEX],
  ['yandex.kz', YANDEX],
  ['yandex.ru', YANDEX],
  ['yandex.ua', YANDEX],
  ['yandex.uz', YANDEX],
]);

/** Fastmail has tags in front of the domain, too: `tag@name.fastmail.com`. */
const TAGGED_BY_DOMAIN = /^([^.]+)\.(fastmail\.(?:com|fm))$/;

/** Yahoo's tags follow a hyphen, which no name there contains. */
const TAGGED_BY_HYPHEN = /^yahoo\.(com?\.)?[a-z]{2,3}$/;

/**
 * The mailbox that an address reaches, as far as its spelling and the provider's help pages tell. To count by; mail
 * goes to the address as it was given.
 */
export function mailboxOf(address: string): Mailbox {
  const at = address.lastIndexOf('@');
  const given = address.slice(0, at).toLowerCase();
  const domain = address.slice(at + 1).toLowerCase();
  const [, owner, ownDomain] = TAGGED_BY_DOMAIN.exec(domain) ?? [];
  if (owner) return { address: `${owner}@${ownDomain}`, isTagged: true };
  const [name = ''] = given.split(TAGGED_BY_HYPHEN.test(domain) ? /[+-]/ : '+', 1);
  const provider = PROVIDERS.get(domain) ?? { domain };
  const plain = provider.plain?.(name) ?? name;
  return { address: `${plain}@${provider.domain}`, isTagged: name !== given };
}
