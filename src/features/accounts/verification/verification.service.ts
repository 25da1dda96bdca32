import { randomBytes } from 'node:crypto';
import type { Context, JobContext, ParentContext } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { whenViolated } from '../../../core/database-errors.js';
import { InvalidInput } from '../../../core/errors.js';
import { fieldError } from '../../../core/field-errors.js';
import { enqueue } from '../../../database/enqueue.js';
import { hashOfCode, sameHash, typedCode } from '../../../core/one-time-secrets.js';
import { tokenNotValid } from '../sessions/tokens.js';

/** Milliseconds. */
const LIFE = 10 * 60 * 1000;

const MOST_TRIES = 5;

const PURPOSE = 'verification of an address';

const WRONG = fieldError('wrongCode');

/** What the mail with a code says, and to whom. */
export interface VerificationMail {
  to: string;
  code: string;
}

/** Makes a new code for a parent's address, the only one that counts from now on, and has it mailed. */
export async function requestVerification(
  ctx: Pick<Context, 'now' | 'settings'>,
  tx: Transaction,
  parentId: number,
): Promise<void> {
  const code = newCode(ctx);
  await tx.emailCode.upsert({ where: { parentId }, create: { parentId, ...code }, update: code });
  await enqueue(tx, 'send_mail', { mail: 'verify_email', parentId }, { key: `verify ${parentId}` });
}

/** Sends the signed-in parent a new code; nothing if the address is verified. Gives whether it is. */
export async function resendCode(ctx: ParentContext): Promise<boolean> {
  const resend = async (tx: Transaction) => {
    const { id } = ctx.parent;
    const parent = await tx.parent.findUnique({ where: { id }, select: { emailVerifiedAt: true } });
    if (parent?.emailVerifiedAt) return true;
    await requestVerification(ctx, tx, id);
    return false;
  };
  return ctx.db
    .transaction(resend)
    .catch(whenViolated('email_codes_parent_id_fkey', tokenNotValid));
}

/**
 * Verifies the signed-in parent's address by the code that was mailed to it.
 * @throws InvalidInput when it is not that code, is over ten minutes old or was tried five times.
 */
export async function verifyAddress(ctx: ParentContext, code: string): Promise<void> {
  const { id: parentId } = ctx.parent;
  const { prisma } = ctx.db;
  // Counted by itself, before the code is looked at: a try counts however the request ends.
  const [tried] = await prisma.emailCode.updateManyAndReturn({
    where: { parentId, tries: { lt: MOST_TRIES }, expiresAt: { gt: ctx.now } },
    data: { tries: { increment: 1 } },
  });
  const right =
    tried &&
    sameHash(hashOfCode(ctx.settings.jwtSecret, code, tried.nonce), Buffer.from(tried.codeHash));
  if (!right) throw new InvalidInput({ code: [WRONG] }, 'wrong_code');

  await ctx.db.transaction(async (tx) => {
    const where = { parentId, codeHash: tried.codeHash };
    const spent = await tx.emailCode.deleteMany({ where });
    if (spent.count === 0) throw new InvalidInput({ code: [WRONG] });
    await tx.parent.updateMany({ where: { id: parentId }, data: { emailVerifiedAt: ctx.now } });
  });
}

/** What to mail to a parent who has a code to confirm; null when there is none any more. */
export async function verificationMail(
  ctx: JobContext,
  parentId: number,
): Promise<VerificationMail | null> {
  const code = await ctx.db.prisma.emailCode.findUnique({
    where: { parentId },
    include: { parent: { select: { email: true } } },
  });
  if (!code || code.tries >= MOST_TRIES) return null;
  const { email: to } = code.parent;
  const codeOf = (nonce: Uint8Array) => typedCode(ctx.settings.jwtSecret, PURPOSE, nonce);
  if (code.expiresAt > ctx.now) return { to, code: codeOf(code.nonce) };
  // The mail server was away for longer than a code lives.
  const { nonce, codeHash, expiresAt } = newCode(ctx);
  const renewed = await ctx.db.prisma.emailCode.updateMany({
    where: { parentId, codeHash: code.codeHash },
    data: { nonce, codeHash, expiresAt },
  });
  return renewed.count === 0 ? null : { to, code: codeOf(nonce) };
}

function newCode({ now, settings: { jwtSecret } }: Pick<Context, 'now' | 'settings'>) {
  const nonce = randomBytes(32);
  const codeHash = hashOfCode(jwtSecret, typedCode(jwtSecret, PURPOSE, nonce), nonce);
  return { nonce, codeHash, tries: 0, expiresAt: new Date(now.getTime() + LIFE) };
}
