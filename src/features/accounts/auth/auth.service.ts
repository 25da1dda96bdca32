import { columns } from '../../../database/columns.js';
import type { Context, SignedInParent } from '../../../context.js';
import { statement } from '../../../database/statement.js';
import { Refusal } from '../../../core/errors.js';
import { startSession, type TokenPair } from '../sessions/sessions.service.js';
import { tokenNotValid, verifyAccess } from '../sessions/tokens.js';
import { hashPassword, isOfAnotherCost, isPassword } from '../passwords/passwords.service.js';

const BEARER = /^Bearer +([\w.~+/=-]+) *$/i;

const SIGNED_IN_PARENT = statement(`
  SELECT ${columns<SignedInParent>({
    id: 'p.id',
    sessionId: 's.id',
    signedInAt: 's.created_at',
    isStaff: 'p.is_staff',
    username: 'p.username',
    email: 'p.email',
    emailVerifiedAt: 'p.email_verified_at',
    firstName: 'p.first_name',
    lastName: 'p.last_name',
    dateJoined: 'p.date_joined',
  })}
    FROM sessions s JOIN parents p ON p.id = s.parent_id
   WHERE s.id = $1 AND p.id = $2 AND p.is_active AND s.expires_at > $3`);

const BY_EMAIL = statement(`
  SELECT id, password_hash AS "passwordHash", is_active AS "isActive"
    FROM parents WHERE lower(email) = lower($1)`);

/**
 * The parent whose access token an `Authorization` header holds.
 * @throws Refusal `token_not_valid` when it is no such token, or its session or parent are no more.
 */
export async function authenticate(ctx: Context, header: string): Promise<SignedInParent> {
  const token = BEARER.exec(header)?.[1];
  if (!token) throw tokenNotValid();
  const { parentId, sessionId } = verifyAccess(token, ctx.now, ctx.settings.jwtSecret);
  const [parent] = await ctx.db.query<SignedInParent>(SIGNED_IN_PARENT, [
    sessionId,
    parentId,
    ctx.now,
  ]);
  if (!parent) throw tokenNotValid();
  return parent;
}

/**
 * Signs a parent in.
 * @throws Refusal `no_active_account`, the same and as late for a wrong password, an unknown email and an
 * inactive account.
 */
export async function logIn(
  ctx: Context,
  input: { email: string; password: string },
): Promise<TokenPair> {
  // Of two who sign in at once, one may give the password a new hash under the other's hands.
  const tokens = (await tryToLogIn(ctx, input)) ?? (await tryToLogIn(ctx, input));
  if (!tokens) throw noActiveAccount();
  return tokens;
}

/** Gives null when the account changed while its password was compared. */
async function tryToLogIn(
  ctx: Context,
  input: { email: string; password: string },
): Promise<TokenPair | null> {
  const [account] = await ctx.db.query<{
    id: number;
    passwordHash: string | null;
    isActive: boolean;
  }>(BY_EMAIL, [input.email]);
  const known = await isPassword(ctx, input.password, account?.passwordHash ?? null);
  if (!known || !account?.isActive) throw noActiveAccount();
  const { id, passwordHash } = account;
  const newHash = await hashOfTodaysCost(ctx, input.password, passwordHash);
  return ctx.db.transaction(async (tx) => {
    // A new password ends all sessions: the lock lets none begin with the old one meanwhile.
    const unchanged = newHash
      ? await tx.$queryRaw<unknown[]>`
          UPDATE parents SET password_hash = ${newHash}
           WHERE id = ${id} AND password_hash = ${passwordHash} AND is_active RETURNING id`
      : await tx.$queryRaw<unknown[]>`
          SELECT id FROM parents
           WHERE id = ${id} AND password_hash = ${passwordHash} AND is_active FOR SHARE`;
    return unchanged.length === 0 ? null : startSession(ctx, tx, id);
  });
}

/** Undefined when the hash is of today's cost already: old costs fade away as parents sign in. */
async function hashOfTodaysCost(
  ctx: Context,
  password: string,
  hash: string | null,
): Promise<string | undefined> {
  const isOld = hash !== null && isOfAnotherCost(hash, ctx.settings.bcryptCost);
  return isOld ? hashPassword(ctx, password) : undefined;
}

function noActiveAccount(): Refusal {
  return new Refusal('no_active_account', 'No active account found with the given credentials');
}
