import { createHmac } from 'node:crypto';
import type { JobContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { MailJob } from '../database/enqueue.js';
import { mailboxOf } from '../core/mailbox.js';

const HOUR = 3_600_000;

type Kind = 'donations' | 'codes' | 'links' | 'notices';

/** Mails that anyone can cause; the others follow from what an account or a payment has proven. */
const KINDS: Partial<Record<MailJob['mail'], Kind>> = {
  gift_receipt: 'donations',
  gift_notice: 'donations',
  verify_email: 'codes',
};

/** What anyone can cause as well, where the account has never proven to read its address. */
const KINDS_OF_UNPROVEN: typeof KINDS = { password_reset: 'links', password_changed: 'notices' };

/** What the owner of a mailbox waits for, and a stranger must not be able to keep from coming. */
const RESERVED = new Set<Kind>(['codes', 'links']);

/** Counts in a window that begins with its first mail; times are in milliseconds. */
const count = (key: string, length: number, counted: string) => `
  INSERT INTO rate_limits AS counted (key, points, expire)
  SELECT ${key}::text, 1, $1::bigint + ${length} ${counted}
  ON CONFLICT (key) DO UPDATE
     SET points = CASE WHEN counted.expire > $1::bigint THEN counted.points + 1 ELSE 1 END,
         expire = CASE WHEN counted.expire > $1::bigint THEN counted.expire ELSE excluded.expire END
  RETURNING points`;

/** The day counts only what the hour lets through, and the reserve only what these two refuse. */
const COUNT = statement(`
  WITH hour AS (${count('$2', HOUR, 'WHERE true')}),
       day AS (${count('$3', 24 * HOUR, 'FROM hour WHERE points <= $5::int')}),
       sent AS (SELECT FROM day WHERE points <= $6::int),
       reserve AS (${count('$4', HOUR, 'WHERE $4 IS NOT NULL AND NOT EXISTS (SELECT FROM sent)')})
  SELECT EXISTS (SELECT FROM sent) OR EXISTS (SELECT FROM reserve WHERE points <= $7::int) AS "isWithin"`);

/**
 * Counts a mail to an address, and gives whether its mailbox may have it. Codes and links to an address without a tag
 * have a reserve, since anybody can register with any number of tags. What is kept names nobody: the address is
 * hashed under our secret.
 */
export async function isWithinBudget(
  { db, now, settings }: JobContext,
  mail: MailJob['mail'],
  { to, isProven }: { to: string; isProven: boolean },
): Promise<boolean> {
  const kind = KINDS[mail] ?? (isProven ? undefined : KINDS_OF_UNPROVEN[mail]);
  if (!kind) return true;
  const { address, isTagged } = mailboxOf(to);
  const secret = createHmac('sha256', settings.jwtSecret).update('mail budgets').digest();
  const mailbox = createHmac('sha256', secret).update(address).digest('base64url');
  const { perHour, perDay, reservePerHour } = settings.mailBudget;
  const [row] = await db.query<{ isWithin: boolean }>(COUNT, [
    now.getTime(),
    `mail ${kind} hour:${mailbox}`,
    `mail ${kind} day:${mailbox}`,
    RESERVED.has(kind) && !isTagged ? `mail ${kind} reserve:${mailbox}` : null,
    perHour,
    perDay,
    reservePerHour,
  ]);
  return row!.isWithin;
}
