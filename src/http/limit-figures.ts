import type { ErrorCode } from '../core/errors.js';

/**
 * What a count is kept for. `account` is the email that a body names, `parent` the one who is signed in,
 * `address` the client's; `familiar address` is the client's if that account signed in from there lately,
 * and one and the same for all strangers. Without an account or a parent, such a rule doesn't apply.
 */
export type Per = 'account' | 'parent' | 'address' | 'familiar address';

/** At most `max` requests in a window of `seconds`, which begins with the first of them. */
export interface LimitRule {
  max: number;
  seconds: number;
  per: Per[];
  /** Only requests that end with this refusal are counted. Such a rule comes last. */
  counting?: ErrorCode;
  /** Only requests whose body gives this field are counted. */
  giving?: string;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds for which an address stays familiar: three weeks. Beyond 24.8 days a timer of Node overflows. */
export const FAMILIAR = 21 * 24 * HOUR;

/** The name of a limit, as endpoints give it. */
export type LimitName =
  | 'login'
  | 'register'
  | 'refresh'
  | 'donate'
  | 'receipt'
  | 'verify'
  | 'resend'
  | 'reset'
  | 'resetConfirm'
  | 'exchange'
  | 'changeParent';

/** All figures. The README tells them, ADR 012 says why they are what they are. */
export const LIMITS: Record<LimitName, LimitRule[]> = {
  login: [
    { max: 120, seconds: MINUTE, per: ['address'] },
    { max: 10, seconds: MINUTE, per: ['account', 'address'] },
    {
      max: 25,
      seconds: HOUR,
      per: ['account', 'familiar address'],
      counting: 'no_active_account',
    },
  ],
  register: [
    { max: 300, seconds: HOUR, per: ['address'] },
    { max: 20, seconds: HOUR, per: ['account'] },
  ],
  refresh: [{ max: 300, seconds: MINUTE, per: ['address'] }],
  donate: [
    { max: 600, seconds: MINUTE, per: ['address'] },
    { max: 30, seconds: MINUTE, per: ['parent'] },
  ],
  // To draw one takes time.
  receipt: [{ max: 120, seconds: MINUTE, per: ['address'] }],
  verify: [{ max: 20, seconds: HOUR, per: ['parent'] }],
  resend: [{ max: 5, seconds: HOUR, per: ['parent'] }],
  // The window is the life of a link: whoever spent the five, the newest link is good until it ends.
  reset: [
    { max: 60, seconds: HOUR, per: ['address'] },
    { max: 5, seconds: 30 * MINUTE, per: ['account'] },
  ],
  resetConfirm: [{ max: 30, seconds: MINUTE, per: ['address'] }],
  exchange: [{ max: 120, seconds: MINUTE, per: ['address'] }],
  changeParent: [
    { max: 10, seconds: 10 * MINUTE, per: ['parent'], giving: 'current_password' },
    { max: 20, seconds: HOUR, per: ['parent'], giving: 'email' },
  ],
};

/** One limit in words, such as `10 a minute per account and address`. */
export function describeLimit(name: LimitName): string {
  return LIMITS[name].map(describeRule).join('; ');
}

function describeRule({ max, seconds, per, counting, giving }: LimitRule): string {
  const what = counting ? ' refused' : giving ? ` with \`${giving}\`` : '';
  const whom = per.includes('familiar address')
    ? 'account from all addresses together, apart from those it lately signed in from'
    : per.join(' and ');
  return `${max}${what} ${describeWindow(seconds)} per ${whom}`;
}

function describeWindow(seconds: number): string {
  if (seconds === MINUTE) return 'a minute';
  return seconds === HOUR ? 'an hour' : `in ${seconds / MINUTE} minutes`;
}
