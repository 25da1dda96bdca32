import type { Context } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { InvalidInput } from '../../../core/errors.js';
import { fieldError } from '../../../core/field-errors.js';
import { enqueue } from '../../../database/enqueue.js';
import { hashOfToken } from '../../../core/one-time-secrets.js';
import { hashPassword } from '../passwords/passwords.service.js';
import { returnToLastAddress } from '../email-change/email-change.service.js';
import { createProvenParent } from '../parents/parents.service.js';
import { endSessions } from '../sessions/sessions.service.js';

/**
 * Sets a new password by the token of a link, once, and ends all sessions. Who has the link reads the
 * address, which so is verified too. An account that has proven another address and came here without proving this one
 * is not theirs: it returns there, and they get a new account.
 * @throws InvalidInput when the token is wrong, spent, replaced or over 30 minutes old.
 */
export async function confirmPasswordReset(
  ctx: Context,
  { token, password }: { token: string; password: string },
): Promise<void> {
  const where = { tokenHash: hashOfToken(token), expiresAt: { gt: ctx.now } };
  // Looked up first: who guesses tokens shall not have us hash passwords.
  if (!(await ctx.db.prisma.passwordReset.findUnique({ where }))) throw badLink();
  const passwordHash = await hashPassword(ctx, password);
  await ctx.db.transaction(async (tx) => {
    const [reset] = await tx.$queryRaw<{ parentId: number }[]>`
      DELETE FROM password_resets WHERE token_hash = ${where.tokenHash} RETURNING parent_id AS "parentId"`;
    if (!reset) throw badLink();
    const { parentId } = reset;
    if (await givesWay(ctx, tx, parentId, passwordHash)) return;
    const active = { id: parentId, isActive: true };
    const set = await tx.parent.updateMany({
      where: active,
      data: { passwordHash, passwordByMail: true },
    });
    if (set.count === 0) throw badLink();
    // Who linked Google without ever proving to read this address is not its owner.
    await tx.parent.updateMany({
      where: { id: parentId, emailVerifiedAt: null },
      data: { emailVerifiedAt: ctx.now, googleSub: null },
    });
    await tx.emailCode.deleteMany({ where: { parentId } });
    await endSessions(tx, parentId);
    await enqueue(tx, 'send_mail', { mail: 'password_changed', parentId });
  });
}

/**
 * Returns an account to the address that it has proven and gives this one to a new account with the password. False
 * if the account may stay.
 */
async function givesWay(
  ctx: Context,
  tx: Transaction,
  parentId: number,
  passwordHash: string,
): Promise<boolean> {
  const [account] = await tx.$queryRaw<{ email: string; isProven: boolean }[]>`
    SELECT email, email_verified_at IS NOT NULL AS "isProven" FROM parents WHERE id = ${parentId} FOR UPDATE`;
  if (!account || account.isProven) return false;
  if (!(await returnToLastAddress(ctx, tx, parentId))) return false;
  const { email } = account;
  if (!(await createProvenParent(ctx, tx, { email, passwordHash, passwordByMail: true })))
    throw badLink();
  return true;
}

function badLink(): InvalidInput {
  return new InvalidInput({ token: [fieldError('wrongLink')] });
}
