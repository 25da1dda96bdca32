import type { ErrorCode, Guess } from '../core/errors.js';

/**
 * What a count is kept for. `email address` is the one that a body names, `parent` the one who is signed in and
 * `own email address` that parent's, `client address` the network that a request comes from; `familiar client
 * address` is the client's if that account signed in from there lately, and one and the same for all strangers.
 * A rule applies only to requests that have all of it.
 */
export type Per =
  'client address' | 'email address' | 'familiar client address' | 'parent' | 'own email address';

/** At most `max` requests in a window of `seconds`, which begins with the first of them. */
export interface LimitRule {
  max: number;
  seconds: number;
  per: Per[];
  /** Only requests that end with this refusal are counted. Such rules come last. */
  counting?: ErrorCode | Guess;
  /** Only requests whose body gives one of these fields are counted. */
  giving?: string[];
  /** Only requests whose query has this parameter are counted. */
  asking?: string;
  /**
   * The different mailboxes that visitors name in this field are counted. Beyond `max` nothing is refused: the
   * donation counts, and its receipt is not mailed.
   */
  mailboxes?: 'donor_email';
  /** Only requests without a token are counted, or only those from addresses that are not familiar. */
  of?: 'visitors' | 'strangers';
  /** Counted by each process for itself: for reads, which must not cost a write. Default: in PostgreSQL. */
  kept?: 'in memory';
}

/** A limit: which calls it is for, in words for the README, and its rules. */
export interface Limit {
  calls: string;
  rules: LimitRule[];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds for which an address stays familiar: three weeks. Beyond 24.8 days a timer of Node overflows. */
export const FAMILIAR = 21 * 24 * HOUR;

/** A /48 may send so many times what one of its 65,536 networks may. */
export const SITE_MULTIPLE = 8;

/**
 * All rate limits: the one table that the README and the OpenAPI document show. An endpoint names its limit; `reads`
 * and `writes` hold for every endpoint beside that. ADR 012 says why the figures are what they are.
 */
export const DEFAULT_LIMITS = {
  reads: {
    calls: 'every `GET`',
    rules: [
      { max: 300, seconds: MINUTE, per: ['parent'], kept: 'in memory' },
      { max: 6_000, seconds: MINUTE, per: ['client address'], of: 'visitors', kept: 'in memory' },
    ],
  },
  // Enough for a person who types. A program finds more in the list itself.
  search: {
    calls: 'browse the campaigns',
    rules: [{ max: 60, seconds: MINUTE, per: ['client address'], asking: 'q', kept: 'in memory' }],
  },
  writes: {
    calls: 'everything else',
    rules: [{ max: 60, seconds: MINUTE, per: ['parent'] }],
  },
  login: {
    calls: 'sign in',
    rules: [
      { max: 120, seconds: MINUTE, per: ['client address'] },
      { max: 10, seconds: MINUTE, per: ['email address', 'client address'] },
      {
        max: 30,
        seconds: MINUTE,
        per: ['client address'],
        counting: 'no_active_account',
        of: 'strangers',
      },
      {
        max: 25,
        seconds: HOUR,
        per: ['email address', 'familiar client address'],
        counting: 'no_active_account',
      },
    ],
  },
  logout: {
    calls: 'sign out',
    rules: [{ max: 300, seconds: MINUTE, per: ['client address'] }],
  },
  register: {
    calls: 'register',
    rules: [
      { max: 300, seconds: HOUR, per: ['client address'] },
      { max: 20, seconds: HOUR, per: ['email address'] },
    ],
  },
  refresh: {
    calls: 'refresh tokens',
    rules: [{ max: 300, seconds: MINUTE, per: ['client address'] }],
  },
  google: {
    calls: 'sign in by Google, each step',
    rules: [{ max: 240, seconds: MINUTE, per: ['client address'] }],
  },
  exchange: {
    calls: "exchange Google's code",
    rules: [{ max: 120, seconds: MINUTE, per: ['client address'] }],
  },
  // Accounts are free, and to index 10,000 letters of Chinese takes PostgreSQL 0.2 s.
  writeCampaign: {
    calls: 'open or change a campaign, change a child',
    rules: [{ max: 120, seconds: MINUTE, per: ['client address'], kept: 'in memory' }],
  },
  donate: {
    calls: 'donate',
    rules: [
      { max: 600, seconds: MINUTE, per: ['client address'] },
      { max: 30, seconds: MINUTE, per: ['parent'] },
      // A school's evening behind one address; a spammer tires of strangers who get no mail.
      { max: 100, seconds: HOUR, per: ['client address'], mailboxes: 'donor_email' },
      { max: 300, seconds: DAY, per: ['client address'], mailboxes: 'donor_email' },
    ],
  },
  receipt: {
    calls: 'see a receipt',
    rules: [{ max: 120, seconds: MINUTE, per: ['client address'] }],
  },
  // A browser that comes back from Stripe asks each second or two.
  status: {
    calls: 'see what became of a donation',
    rules: [{ max: 300, seconds: MINUTE, per: ['client address'] }],
  },
  verify: {
    calls: 'verify the address',
    // Accounts are free: guesses are counted for the address that would be verified, whoever makes them.
    rules: [
      { max: 20, seconds: HOUR, per: ['parent'] },
      { max: 10, seconds: HOUR, per: ['own email address'], counting: 'wrong_code' },
      { max: 20, seconds: DAY, per: ['own email address'], counting: 'wrong_code' },
    ],
  },
  resend: {
    calls: 'have a code mailed again',
    rules: [
      { max: 5, seconds: HOUR, per: ['parent'] },
      { max: 5, seconds: HOUR, per: ['own email address'] },
    ],
  },
  // The window is the life of a link: whoever spent the five, the newest link is good until it ends.
  reset: {
    calls: 'ask for a new password',
    rules: [
      { max: 60, seconds: HOUR, per: ['client address'] },
      { max: 5, seconds: 30 * MINUTE, per: ['email address'] },
    ],
  },
  resetConfirm: {
    calls: 'set it by the link',
    rules: [{ max: 30, seconds: MINUTE, per: ['client address'] }],
  },
  undoEmail: {
    calls: 'undo a change of the address',
    rules: [{ max: 30, seconds: MINUTE, per: ['client address'] }],
  },
  changeParent: {
    calls: 'change your profile',
    rules: [
      { max: 10, seconds: 10 * MINUTE, per: ['parent'], giving: ['current_password'] },
      { max: 20, seconds: HOUR, per: ['parent'], giving: ['email', 'username'] },
      { max: 20, seconds: HOUR, per: ['email address'], giving: ['email'] },
      // Accounts are free: as many tries as by registering.
      { max: 300, seconds: HOUR, per: ['client address'], giving: ['email', 'username'] },
    ],
  },
  webhook: {
    calls: "Stripe's webhook",
    rules: [{ max: 6_000, seconds: MINUTE, per: ['client address'], kept: 'in memory' }],
  },
} satisfies Record<string, Limit>;

/** The name of a limit, as endpoints give it. */
export type LimitName = keyof typeof DEFAULT_LIMITS;

/** The figures of every limit. Tests set other ones. */
export type LimitTable = Record<LimitName, Limit>;

/** Rules in words, such as `10 a minute per email address and client address`. */
export function describeRules(rules: LimitRule[]): string {
  return rules.map(describeRule).join('; ');
}

function describeRule({ max, seconds, per, counting, ...rule }: LimitRule): string {
  const { giving, asking, mailboxes, of } = rule;
  if (mailboxes)
    return `mailed receipts to ${max} mailboxes of guests ${describeWindow(seconds)} per ${per.join()}`;
  const named = asking === undefined ? giving : [asking];
  const fields = named?.map((field) => `\`${field}\``).join(' or ');
  const which = of === 'visitors' ? ' without a token' : '';
  const what = counting ? ' refused' : fields ? ` with ${fields}` : which;
  const whom = per.includes('familiar client address')
    ? 'email address from all client addresses together, apart from those it lately signed in from'
    : per.join(' and ');
  return `${max.toLocaleString('en')}${what} ${describeWindow(seconds)} per ${whom}`;
}

function describeWindow(seconds: number): string {
  if (seconds === MINUTE) return 'a minute';
  if (seconds === DAY) return 'a day';
  return seconds === HOUR ? 'an hour' : `in ${seconds / MINUTE} minutes`;
}
