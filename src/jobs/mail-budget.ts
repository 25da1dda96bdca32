import { createHmac } from 'node:crypto';
import type { JobContext } from '../core/context.js';
import { statement } from '../core/database.js';
import type { MailJob } from '../core/jobs.js';
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

/** Counts in both windows, each of which begins with its first mail; `expire` is in milliseconds. */
const COUNT = statement(`
  INSERT INTO rate_limits AS counted (key, points, expire)
  SELECT key, 1, $3::bigint + length FROM unnest($1::text[], $2::bigint[]) w (key, length)
  ON CONFLICT (key) DO UPDATE
     SET points = CASE WHEN counted.expire > $3::bigint THEN counted.points + 1 ELSE 1 END,
         expire = CASE WHEN counted.expire > $3::bigint THEN counted.expire ELSE excluded.expire END
  RETURNING key, points`);

/**
 * Counts a mail to an address, and gives whether its mailbox may have it. What is kept names nobody: the
 * address is hashed under our secret.
 */
export async function isWithinBudget(
  { db, now, settings }: JobContext,
  mail: MailJob['mail'],
  { to, isProven }: { to: string; isProven: boolean },
): Promise<boolean> {
  const kind = KINDS[mail] ?? (isProven ? undefined : KINDS_OF_UNPROVEN[mail]);
  if (!kind) return true;
  const secret = createHmac('sha256', settings.jwtSecret).update('mail budgets').digest();
  const mailbox = createHmac('sha256', secret).update(mailboxOf(to)).digest('base64url');
  const { perHour, perDay } = settings.mailBudget;
  const hourly = `mail ${kind} hour:${mailbox}`;
  const rows = await db.query<{ key: string; points: number }>(COUNT, [
    [hourly, `mail ${kind} day:${mailbox}`],
    [HOUR, 24 * HOUR],
    now.getTime(),
  ]);
  return rows.every(({ key, points }) => points <= (key === hourly ? perHour : perDay));
}
