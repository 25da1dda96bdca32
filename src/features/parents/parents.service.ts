import type { z } from 'zod';
import type { Context, ParentContext } from '../../core/context.js';
import { violatedConstraint } from '../../core/database-errors.js';
import { statement, type Transaction } from '../../core/database.js';
import { InvalidInput, type FieldErrors } from '../../core/errors.js';
import { hashPassword, isPassword } from '../../core/passwords.js';
import { enqueue } from '../../core/jobs.js';
import {
  endOtherSessions,
  endRefreshTokens,
  requireSession,
  startSession,
  type TokenPair,
} from '../sessions/sessions.service.js';
import { tokenNotValid } from '../sessions/tokens.js';
import { requestVerification } from '../verification/verification.service.js';
import type { Credential } from './parents.access.js';
import type { ParentRow } from './parents.presenter.js';
import type { ParentChanges, Registration } from './parents.schemas.js';

const TAKEN = {
  username: 'A user with that username already exists.',
  email: 'A user with that email already exists.',
};

const WRONG_PASSWORD = { current_password: ['This is not your current password.'] };

const WHAT_IS_TAKEN = statement(`
  SELECT coalesce(bool_or(lower(username) = lower($1)), false) AS username,
         coalesce(bool_or(lower(email) = lower($2)), false) AS email
    FROM parents WHERE (lower(username) = lower($1) OR lower(email) = lower($2)) AND id <> $3`);

type RegistrationInput = z.output<typeof Registration>;
type ChangesInput = z.output<typeof ParentChanges>;

/** What the rules say of a registration: username and email are unique without regard to case. */
export function registrationErrors(
  ctx: Context,
  input: Partial<RegistrationInput>,
): Promise<FieldErrors> {
  return takenErrors(ctx, input, 0);
}

/**
 * Registers a parent and signs the parent in.
 * @throws InvalidInput when another took the username or email meanwhile.
 */
export async function registerParent(
  ctx: Context,
  input: RegistrationInput,
): Promise<{ parent: ParentRow; tokens: TokenPair }> {
  const passwordHash = await hashPassword(ctx, input.password);
  const data = { ...namesOf(input), username: input.username, email: input.email, passwordHash };
  return unlessTaken(() =>
    ctx.db.transaction(async (tx) => {
      const parent = await tx.parent.create({ data: { ...data, dateJoined: ctx.now } });
      await requestVerification(ctx, tx, parent.id);
      return { parent, tokens: await startSession(ctx, tx, parent.id) };
    }),
  );
}

/** What the rules say of changes: as for a registration; a new password needs the current one, which is right. */
export async function parentChangesErrors(
  ctx: ParentContext,
  input: ChangesInput,
  credential: Credential,
): Promise<FieldErrors> {
  const taken = await takenErrors(ctx, input, ctx.parent.id);
  if (!input.current_password) {
    if (input.password === undefined) return taken;
    return { ...taken, current_password: ['This field is required.'] };
  }
  const right = await isPassword(ctx, input.current_password, credential.passwordHash);
  return right ? taken : { ...taken, ...WRONG_PASSWORD };
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
  const { password, username, email } = input;
  const passwordHash = password && (await hashPassword(ctx, password));
  const data = {
    ...namesOf(input),
    ...(username !== undefined && { username }),
    ...(email !== undefined && { email }),
    ...(passwordHash && { passwordHash }),
  };
  return unlessTaken(() =>
    ctx.db.transaction(async (tx) => {
      const moved = email !== undefined && (await movesAway(ctx, tx, email));
      // Who changed the password meanwhile has made the current one another.
      const [parent] = await tx.parent.updateManyAndReturn({
        where: { id: ctx.parent.id, ...(passwordHash && credential) },
        data: { ...data, ...(moved && { emailVerifiedAt: null }) },
      });
      if (!parent) throw passwordHash ? new InvalidInput(WRONG_PASSWORD) : tokenNotValid();
      if (passwordHash || moved) await requireSession(ctx, tx);
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
async function movesAway(ctx: ParentContext, tx: Transaction, email: string): Promise<boolean> {
  const { id: parentId } = ctx.parent;
  const [old] = await tx.$queryRaw<{ email: string; firstName: string; moved: boolean }[]>`
    SELECT email, first_name AS "firstName", lower(email) <> lower(${email}) AS moved
      FROM parents WHERE id = ${parentId} FOR UPDATE`;
  if (!old?.moved) return false;
  const { email: to, firstName: name } = old;
  await enqueue(tx, 'send_mail', { mail: 'address_changed', to, name });
  await requestVerification(ctx, tx, parentId);
  await tx.passwordReset.deleteMany({ where: { parentId } });
  await endOtherSessions(ctx, tx);
  return true;
}

function namesOf(input: { first_name?: string | undefined; last_name?: string | undefined }) {
  return {
    ...(input.first_name !== undefined && { firstName: input.first_name }),
    ...(input.last_name !== undefined && { lastName: input.last_name }),
  };
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
