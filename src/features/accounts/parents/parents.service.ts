import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Context, ParentContext } from '../../../context.js';
import { violatedConstraint } from '../../../core/database-errors.js';
import type { Transaction } from '../../../database/client.js';
import { storedFields, type StoredFields } from '../../../database/stored-fields.js';
import { statement } from '../../../database/statement.js';
import { InvalidInput, type FieldErrors } from '../../../core/errors.js';
import { fieldError } from '../../../core/field-errors.js';
import { hashPassword, isPassword } from '../passwords/passwords.service.js';
import { enqueue } from '../../../database/enqueue.js';
import {
  isHeldForAnother,
  leaveAddress,
  type Leaving,
} from '../email-change/email-change.service.js';
import {
  endOtherSessions,
  endRefreshTokens,
  requireSession,
  startSession,
  type TokenPair,
} from '../sessions/sessions.service.js';
import { tokenNotValid } from '../sessions/tokens.js';
import { requestVerification } from '../verification/verification.service.js';
import { lockConfirmed, requireConfirmation, WRONG_PASSWORD } from './confirmation.access.js';
import type { Credential } from './parents.access.js';
import type { ParentRow } from './parents.rows.js';
import type { AccountDeletion, ParentChanges, Registration } from './parents.schemas.js';

const TAKEN = {
  username: fieldError('usernameTaken'),
  email: fieldError('emailTaken'),
};

const WHAT_IS_TAKEN = statement(`
  SELECT EXISTS (SELECT FROM parents WHERE lower(username) = lower($1) AND id <> $3) AS username,
         EXISTS (SELECT FROM parents WHERE lower(email) = lower($2) AND id <> $3)
         OR EXISTS (SELECT FROM email_undos
                     WHERE lower(email) = lower($2) AND parent_id <> $3 AND expires_at > $4) AS email`);

type RegistrationInput = z.output<typeof Registration>;
type ChangesInput = z.output<typeof ParentChanges>;

/** What the rules say of a registration: username and email are unique without regard to case. */
export function registrationErrors(
  ctx: Context,
  input: Partial<RegistrationInput>,
): Promise<FieldErrors> {
  return takenErrors(ctx, input, 0);
}

/** Where the fields of a parent's body are stored. */
const PARENT_FIELDS = {
  username: 'username',
  email: 'email',
  first_name: 'firstName',
  last_name: 'lastName',
  // Stored as a hash, or only compared.
  password: null,
  current_password: null,
} as const satisfies StoredFields<ChangesInput, ParentRow>;

/**
 * Registers a parent and signs the parent in.
 * @throws InvalidInput when another took the username or email meanwhile.
 */
export async function registerParent(
  ctx: Context,
  input: RegistrationInput,
): Promise<{ parent: ParentRow; tokens: TokenPair }> {
  const passwordHash = await hashPassword(ctx, input.password);
  const data = { ...storedFields(input, PARENT_FIELDS), passwordHash };
  return unlessTaken(() =>
    ctx.db.transaction(async (tx) => {
      const parent = await tx.parent.create({ data: { ...data, dateJoined: ctx.now } });
      await refuseHeld(ctx, tx, parent);
      await requestVerification(ctx, tx, parent.id);
      return { parent, tokens: await startSession(ctx, tx, parent.id) };
    }),
  );
}

/** A parent whose address is proven before there is an account. */
export interface ProvenParent {
  email: string;
  googleSub?: string;
  firstName?: string;
  lastName?: string;
  passwordHash?: string;
  passwordByMail?: boolean;
}

/**
 * Makes a parent whose address is proven; undefined when another has just taken the address. The username tells
 * nothing of the person.
 */
export async function createProvenParent(
  { now }: Pick<Context, 'now'>,
  tx: Transaction,
  proven: ProvenParent,
): Promise<number | undefined> {
  const username = `parent-${randomBytes(6).toString('hex')}`;
  const [parent] = await tx.parent.createManyAndReturn({
    data: { ...proven, username, emailVerifiedAt: now, dateJoined: now },
    select: { id: true },
    skipDuplicates: true,
  });
  return parent?.id;
}

/**
 * What the rules say of changes: as for a registration; a new password needs the current one, which is right.
 * @throws Refusal `confirmation_needed` when the address is to be another.
 */
export async function parentChangesErrors(
  ctx: ParentContext,
  input: ChangesInput,
  credential: Credential,
): Promise<FieldErrors> {
  if (input.email !== undefined && isAnother(input.email, ctx.parent.email)) {
    requireConfirmation(ctx, { isPasswordGiven: Boolean(input.current_password) });
  }
  const taken = await takenErrors(ctx, input, ctx.parent.id);
  if (!input.current_password) {
    if (input.password === undefined) return taken;
    return { ...taken, current_password: [fieldError('required')] };
  }
  return { ...taken, ...(await currentPasswordErrors(ctx, input.current_password, credential)) };
}

/**
 * What the rules say of a deletion: a password that is given is right.
 * @throws Refusal `confirmation_needed` when none is given and signing in was a while ago.
 */
export async function deletionErrors(
  ctx: ParentContext,
  input: z.output<typeof AccountDeletion>,
  credential: Credential,
): Promise<FieldErrors> {
  requireConfirmation(ctx, { isPasswordGiven: Boolean(input.current_password) });
  if (!input.current_password) return {};
  return currentPasswordErrors(ctx, input.current_password, credential);
}

async function currentPasswordErrors(
  ctx: ParentContext,
  given: string,
  { passwordHash }: Credential,
): Promise<FieldErrors> {
  return (await isPassword(ctx, given, passwordHash)) ? {} : WRONG_PASSWORD;
}

/** Addresses are ASCII: their case folds as PostgreSQL folds it. */
function isAnother(one: string, other: string): boolean {
  return one.toLowerCase() !== other.toLowerCase();
}

/**
 * Changes what is given of the signed-in parent; a new password ends all refresh tokens.
 * @throws InvalidInput when another took the username or email meanwhile.
 */
export async function changeParent(
  ctx: ParentContext,
  input: ChangesInput,
  credential: Credential,
): Promise<ParentRow> {
  const { password, email, current_password } = input;
  const passwordHash = password && (await hashPassword(ctx, password));
  const data = {
    ...storedFields(input, PARENT_FIELDS),
    ...(passwordHash && { passwordHash }),
  };
  return unlessTaken(() =>
    ctx.db.transaction(async (tx) => {
      const confirmedBy = current_password ? credential : undefined;
      const moved = email !== undefined && (await movesAway(ctx, tx, email, confirmedBy));
      // Who changed the password meanwhile has made the current one another.
      const [parent] = await tx.parent.updateManyAndReturn({
        where: { id: ctx.parent.id, ...(passwordHash && credential) },
        data: { ...data, ...(moved && { emailVerifiedAt: null, passwordByMail: false }) },
      });
      if (!parent) throw passwordHash ? new InvalidInput(WRONG_PASSWORD) : tokenNotValid();
      if (moved) await refuseHeld(ctx, tx, parent);
      if (passwordHash) await requireSession(ctx, tx);
      if (passwordHash) {
        await endRefreshTokens(ctx, tx);
        await enqueue(tx, 'send_mail', { mail: 'password_changed', parentId: parent.id });
      }
      return parent;
    }),
  );
}

/**
 * Whether the address is a new one, and not the old in another case. Then the old one is told, the new one
 * is to be verified, links that were mailed to the old one count no more, and other sessions end.
 */
async function movesAway(
  ctx: ParentContext,
  tx: Transaction,
  email: string,
  confirmedBy: Credential | undefined,
): Promise<boolean> {
  const { id: parentId } = ctx.parent;
  const [old] = await tx.$queryRaw<Omit<Leaving, 'parentId'>[]>`
    SELECT email, email_verified_at AS "emailVerifiedAt", google_sub AS "googleSub"
      FROM parents WHERE id = ${parentId} FOR UPDATE`;
  if (!old || !isAnother(email, old.email)) return false;
  // Asked again: another request may have changed the address since the rules were asked.
  requireConfirmation(ctx, { isPasswordGiven: confirmedBy !== undefined });
  await lockConfirmed(ctx, tx, confirmedBy);
  await leaveAddress(ctx, tx, { parentId, ...old });
  await requestVerification(ctx, tx, parentId);
  await tx.passwordReset.deleteMany({ where: { parentId } });
  await endOtherSessions(ctx, tx);
  return true;
}

/** @throws InvalidInput when an account that left the address meanwhile may still return to it. */
async function refuseHeld(
  ctx: Context,
  tx: Transaction,
  owner: { id: number; email: string },
): Promise<void> {
  const { id: parentId, email } = owner;
  if (await isHeldForAnother(ctx, tx, { email, parentId })) {
    throw new InvalidInput({ email: [TAKEN.email] });
  }
}

async function takenErrors(
  ctx: Context,
  { username, email }: { username?: string | undefined; email?: string | undefined },
  exceptId: number,
): Promise<FieldErrors> {
  if (username === undefined && email === undefined) return {};
  const [taken] = await ctx.db.query<{ username: boolean; email: boolean }>(WHAT_IS_TAKEN, [
    username ?? null,
    email ?? null,
    exceptId,
    ctx.now,
  ]);
  return {
    ...(taken?.username && { username: [TAKEN.username] }),
    ...(taken?.email && { email: [TAKEN.email] }),
  };
}

/** Two who ask for one name at the same moment both pass the rules; the unique index decides. */
async function unlessTaken<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === 'parents_username_unique')
      throw new InvalidInput({ username: [TAKEN.username] });
    if (constraint === 'parents_email_unique') throw new InvalidInput({ email: [TAKEN.email] });
    throw error;
  }
}
