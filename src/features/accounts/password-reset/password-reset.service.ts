import { createHmac, randomBytes } from 'node:crypto';
import type { Context, JobContext } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { enqueue, type JobPayloads } from '../../../database/enqueue.js';
import { hashOfToken, longToken } from '../../../core/one-time-secrets.js';
import { nameInMail } from '../parents/parents.rows.js';

/** Milliseconds. */
const LIFE = 30 * 60 * 1000;

const PURPOSE = 'reset of a password';

/** What the mail with a link says, and to whom. */
export interface PasswordResetMail {
  to: string;
  name: string;
  token: string;
  /** Whether the account has proven to read the address. */
  isProven: boolean;
}

/**
 * Takes note that somebody asks for a new password. The same two statements run for known and unknown addresses, and
 * the job does the rest: the answer takes the same time. The queue holds no address.
 */
export async function requestPasswordReset(ctx: Context, email: string): Promise<void> {
  const { jwtSecret } = ctx.settings;
  const key = createHmac('sha256', jwtSecret).update(email.toLowerCase()).digest('base64url');
  await ctx.db.transaction(async (tx) => {
    const [found] = await tx.$queryRaw<[JobPayloads['request_password_reset']]>`
      SELECT (SELECT id FROM parents WHERE lower(email) = lower(${email})) AS "parentId",
             (SELECT max(id) FROM email_undos
               WHERE lower(email) = lower(${email}) AND expires_at > ${ctx.now}) AS "undoId"`;
    await enqueue(tx, 'request_password_reset', found, { key: `password reset ${key}` });
  });
}

/**
 * The job: has a new link mailed for the account at the address. To one that an account has left, the link that
 * undoes that is mailed again.
 */
export async function createPasswordReset(
  ctx: JobContext,
  { parentId, undoId }: JobPayloads['request_password_reset'],
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const accounts = await tx.$queryRaw<unknown[]>`
      SELECT id FROM parents
       WHERE id = ${parentId}::int AND is_active
         AND (email_verified_at IS NOT NULL OR ${undoId}::int IS NULL)
         FOR UPDATE`;
    if (parentId !== null && accounts.length > 0) await mailResetLink(ctx, tx, parentId);
    else if (undoId) await enqueue(tx, 'send_mail', { mail: 'address_changed', undoId });
  });
}

/** Makes a new link for an account, the only one that counts, and has it mailed to its address. */
export async function mailResetLink(
  ctx: Pick<Context, 'now' | 'settings'>,
  tx: Transaction,
  parentId: number,
): Promise<void> {
  const link = newLink(ctx);
  await tx.passwordReset.upsert({
    where: { parentId },
    create: { parentId, ...link },
    update: link,
  });
  await enqueue(
    tx,
    'send_mail',
    { mail: 'password_reset', parentId },
    { key: `reset ${parentId}` },
  );
}

/** What to mail to a parent who asked for a link; null when there is none any more. */
export async function passwordResetMail(
  ctx: JobContext,
  parentId: number,
): Promise<PasswordResetMail | null> {
  const reset = await ctx.db.prisma.passwordReset.findUnique({
    where: { parentId },
    include: { parent: { select: { email: true, emailVerifiedAt: true, firstName: true } } },
  });
  if (!reset) return null;
  const { email: to, emailVerifiedAt, firstName } = reset.parent;
  const isProven = emailVerifiedAt !== null;
  const name = nameInMail({ emailVerifiedAt, firstName });
  const mailOf = (nonce: Uint8Array) => {
    return { to, name, token: longToken(ctx.settings.jwtSecret, PURPOSE, nonce), isProven };
  };
  if (reset.expiresAt > ctx.now) return mailOf(reset.nonce);
  // The mail server was away for longer than a link lives.
  const link = newLink(ctx);
  const renewed = await ctx.db.prisma.passwordReset.updateMany({
    where: { parentId, tokenHash: reset.tokenHash },
    data: link,
  });
  return renewed.count === 0 ? null : mailOf(link.nonce);
}

function newLink({ now, settings }: Pick<Context, 'now' | 'settings'>) {
  const nonce = randomBytes(32);
  const tokenHash = hashOfToken(longToken(settings.jwtSecret, PURPOSE, nonce));
  return { nonce, tokenHash, expiresAt: new Date(now.getTime() + LIFE) };
}
