import { columns } from '../../../database/columns.js';
import type { Context } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { statement } from '../../../database/statement.js';
import { Prisma } from '../../../generated/prisma/client.js';
import { hashOfToken } from '../../../core/one-time-secrets.js';
import type { Attempt } from './sign-in-attempt.js';

/** Rows swept on the way by one request; those that another sweeps are left to it. */
const MOST_SWEPT = 100;

/** Milliseconds that a spent state is kept longer than it lives: the clocks of our processes may differ. */
const CLOCK_DIFFERENCE = 60_000;

const SPEND_STATE = statement(`
  WITH swept AS (
    DELETE FROM spent_google_states WHERE state_hash IN (
      SELECT state_hash FROM spent_google_states WHERE expires_at < $3 LIMIT ${MOST_SWEPT} FOR UPDATE SKIP LOCKED))
  INSERT INTO spent_google_states (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING
  RETURNING 1 AS spent`);

/** Spends the state of an attempt. False when it was spent before: of any number at once, one wins. */
export async function spendState(ctx: Context, { state, expiresAt }: Attempt): Promise<boolean> {
  const sweepBefore = new Date(ctx.now.getTime() - CLOCK_DIFFERENCE);
  const rows = await ctx.db.query(SPEND_STATE, [hashOfToken(state), expiresAt, sweepBefore]);
  return rows.length === 1;
}

/** The parent that a sign-in by Google may concern, as far as it matters there. */
export interface Account {
  id: number;
  googleSub: string | null;
  emailVerifiedAt: Date | null;
  passwordByMail: boolean;
  isActive: boolean;
  firstName: string;
  lastName: string;
}

const ACCOUNT = Prisma.raw(`
  SELECT ${columns<Account>({
    id: 'id',
    googleSub: 'google_sub',
    emailVerifiedAt: 'email_verified_at',
    passwordByMail: 'password_by_mail',
    isActive: 'is_active',
    firstName: 'first_name',
    lastName: 'last_name',
  })} FROM parents`);

/** Lets no other sign-in of this person begin until the transaction ends. */
export async function waitForOthersOf(tx: Transaction, sub: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${sub}, 0))`;
}

/** The parent who is linked to this person, locked. */
export async function lockLinked(tx: Transaction, sub: string): Promise<Account | undefined> {
  const rows = await tx.$queryRaw<Account[]>`${ACCOUNT} WHERE google_sub = ${sub} FOR UPDATE`;
  return rows[0];
}

/** The parent who has this address, locked: whoever signs in by password meanwhile waits. */
export async function lockByAddress(tx: Transaction, email: string): Promise<Account | undefined> {
  const rows = await tx.$queryRaw<Account[]>`
    ${ACCOUNT} WHERE lower(email) = lower(${email}) FOR UPDATE`;
  return rows[0];
}

/** Keeps an exchange code, hashed, until it expires. */
export async function keepCode(
  tx: Transaction,
  code: string,
  { parentId, now, expiresAt }: { parentId: number; now: Date; expiresAt: Date },
): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM exchange_codes WHERE code_hash IN (
      SELECT code_hash FROM exchange_codes WHERE expires_at < ${now} LIMIT ${MOST_SWEPT} FOR UPDATE SKIP LOCKED)`;
  await tx.exchangeCode.create({ data: { codeHash: hashOfToken(code), parentId, expiresAt } });
}

/** Spends an exchange code, and gives the active parent it was for; undefined when it is none, late or spent. */
export async function spendCode(
  tx: Transaction,
  code: string,
  now: Date,
): Promise<number | undefined> {
  const [spent] = await tx.$queryRaw<{ parentId: number }[]>`
    DELETE FROM exchange_codes WHERE code_hash = ${hashOfToken(code)} AND expires_at > ${now}
    RETURNING parent_id AS "parentId"`;
  if (!spent) return undefined;
  const [active] = await tx.$queryRaw<{ id: number }[]>`
    SELECT id FROM parents WHERE id = ${spent.parentId} AND is_active FOR SHARE`;
  return active?.id;
}
