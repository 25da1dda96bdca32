/** How many mails of one kind a mailbox is sent at most. */
export interface MailBudget {
  perHour: number;
  perDay: number;
}

/** What a server sends: anyone may give, or register, in the name of any address. */
export const MAIL_BUDGET: MailBudget = { perHour: 10, perDay: 30 };

/** Providers at which dots before the @ make no other mailbox. */
const DOTLESS = new Set(['gmail.com', 'googlemail.com']);

/**
 * The mailbox that an address reaches, as far as its spelling tells: without regard to case, without what
 * follows a `+`, and at Gmail without dots. To count by; mail goes to the address as it was given.
 */
export function mailboxOf(address: string): string {
  const at = address.lastIndexOf('@');
  const [name = ''] = address.slice(0, at).toLowerCase().split('+', 1);
  const domain = address.slice(at + 1).toLowerCase();
  if (!DOTLESS.has(domain)) return `${name}@${domain}`;
  return `${name.replaceAll('.', '')}@gmail.com`;
}
