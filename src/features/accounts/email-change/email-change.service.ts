import { randomBytes } from 'node:crypto';
import type { Context, JobContext } from '../../../context.js';
import { whenViolated } from '../../../core/database-errors.js';
import type { Transaction } from '../../../database/client.js';
import { InvalidInput } from '../../../core/errors.js';
import { fieldError } from '../../../core/field-errors.js';
import { enqueue } from '../../../database/enqueue.js';
import { hashOfToken, longToken } from '../../../core/one-time-secrets.js';
import { unknownPassword } from '../passwords/passwords.service.js';
import { mailResetLink } from '../password-reset/password-reset.service.js';
import { endSessions } from '../sessions/sessions.service.js';
import { spendUndo, undoOfAddress, type Undo } from './email-change.queries.js';

const HOUR = 3_600_000;

const PURPOSE = 'undo of a change of address';

/** What the mail to an address that was left says, and to whom. */
export interface AddressChangedMail {
  to: string;
  token: string;
  /** For how long after the change the token works. */
  hours: number;
}

/** An account that leaves its address. */
export interface Leaving {
  parentId: number;
  email: string;
  emailVerifiedAt: Date | null;
  googleSub: string | null;
}

/**
 * Lets an address that an account leaves undo that for a while, and has it informed. Whoever never proved to read
 * an address gets no mail there and nothing to return to: it may be a stranger's.
 */
export async function leaveAddress(
  ctx: Pick<Context, 'now' | 'settings'>,
  tx: Transaction,
  { emailVerifiedAt, ...leaving }: Leaving,
): Promise<void> {
  if (emailVerifiedAt === null) return;
  const nonce = randomBytes(32);
  const tokenHash = hashOfToken(longToken(ctx.settings.jwtSecret, PURPOSE, nonce));
  const expiresAt = new Date(ctx.now.getTime() + ctx.settings.lifetimes.emailUndo);
  const data = { ...leaving, verifiedAt: emailVerifiedAt, nonce, tokenHash, expiresAt };
  const { id: undoId } = await tx.emailUndo.create({ data, select: { id: true } });
  await enqueue(tx, 'send_mail', { mail: 'address_changed', undoId });
}

/** Whether an address is kept for another account, which may still return to it. */
export async function isHeldForAnother(
  { now }: Pick<Context, 'now'>,
  tx: Transaction,
  { email, parentId }: { email: string; parentId: number },
): Promise<boolean> {
  const held = await tx.$queryRaw<unknown[]>`
    SELECT id FROM email_undos
     WHERE lower(email) = lower(${email}) AND parent_id <> ${parentId} AND expires_at > ${now} LIMIT 1`;
  return held.length > 0;
}

/**
 * Returns an account to the address whose link this token is of.
 * @throws InvalidInput when the token is wrong, spent or too old.
 */
export async function undoChange(ctx: Context, token: string): Promise<void> {
  const where = { tokenHash: hashOfToken(token), expiresAt: { gt: ctx.now } };
  const undo = await ctx.db.prisma.emailUndo.findUnique({ where });
  if (!undo) throw badLink();
  await ctx.db
    .transaction(async (tx) => {
      if (!(await returnTo(ctx, tx, undo))) throw badLink();
    })
    .catch(whenViolated('parents_email_unique', badLink));
}

/** Returns an account to this address, if it may: for somebody who has just proved to read it. */
export async function returnToProvenAddress(
  ctx: Context,
  tx: Transaction,
  email: string,
): Promise<boolean> {
  const undo = await undoOfAddress(ctx, tx, email);
  return undo !== undefined && (await returnTo(ctx, tx, undo));
}

/**
 * Returns an account to the last address that it proved, if it may: for when somebody else turns out to own the
 * present one, which it never proved.
 */
export async function returnToLastAddress(
  ctx: Context,
  tx: Transaction,
  parentId: number,
): Promise<boolean> {
  const undo = await tx.emailUndo.findFirst({
    where: { parentId, expiresAt: { gt: ctx.now } },
    orderBy: { id: 'desc' },
  });
  return undo !== null && (await returnTo(ctx, tx, undo));
}

/** What to mail to an address that was left; null once it can't undo that any more. */
export async function addressChangedMail(
  ctx: JobContext,
  undoId: number,
): Promise<AddressChangedMail | null> {
  const undo = await ctx.db.prisma.emailUndo.findUnique({
    where: { id: undoId, expiresAt: { gt: ctx.now } },
  });
  if (!undo) return null;
  const token = longToken(ctx.settings.jwtSecret, PURPOSE, undo.nonce);
  const hours = ctx.settings.lifetimes.emailUndo / HOUR;
  return { to: undo.email, token, hours };
}

/** Forgets addresses that can no longer undo that they were left. */
export async function forgetLeftAddresses({ db, now }: JobContext): Promise<void> {
  await db.prisma.emailUndo.deleteMany({ where: { expiresAt: { lte: now } } });
}

/**
 * All that was done since under the other address and could open the account ends: sessions, codes, links, a Google
 * account, and the password, which whoever changed the address may have set or known.
 */
async function returnTo(ctx: Context, tx: Transaction, undo: Undo): Promise<boolean> {
  const account = await spendUndo(tx, undo);
  if (!account) return false;
  const { parentId, email, verifiedAt, googleSub } = undo;
  const needsPassword = account.hasPassword || googleSub === null;
  await tx.parent.update({
    where: { id: parentId },
    data: {
      email,
      emailVerifiedAt: verifiedAt,
      googleSub,
      passwordHash: needsPassword ? unknownPassword(ctx.settings.bcryptCost) : null,
      passwordByMail: false,
    },
  });
  await tx.emailCode.deleteMany({ where: { parentId } });
  await tx.passwordReset.deleteMany({ where: { parentId } });
  await endSessions(tx, parentId);
  if (needsPassword && account.isActive) await mailResetLink(ctx, tx, parentId);
  return true;
}

function badLink(): InvalidInput {
  return new InvalidInput({ token: [fieldError('wrongLink')] });
}
