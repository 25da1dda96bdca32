import type { ParentContext } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { InvalidInput, Refusal } from '../../../core/errors.js';
import { fieldError } from '../../../core/field-errors.js';
import { tokenNotValid } from '../sessions/tokens.js';

const MINUTE = 60_000;

/** What is said of a current password that isn't it. */
export const WRONG_PASSWORD = { current_password: [fieldError('wrongPassword')] };

/**
 * For what would make the account somebody else's, or end it: a stolen access token shall not do. A password that
 * is given is compared elsewhere.
 * @throws Refusal `confirmation_needed` when none is given and signing in was a while ago.
 */
export function requireConfirmation(
  { now, parent, settings }: ParentContext,
  { isPasswordGiven }: { isPasswordGiven: boolean },
): void {
  const { recentSignIn } = settings.lifetimes;
  if (isPasswordGiven || now.getTime() - parent.signedInAt.getTime() < recentSignIn) return;
  throw new Refusal(
    'confirmation_needed',
    `Give your current password, or sign in again and do this within ${recentSignIn / MINUTE} minutes.`,
  );
}

/**
 * Locks the signed-in parent until the transaction ends: the session is still there, and a password that confirmed
 * is still the current one.
 * @throws Refusal `token_not_valid`, and InvalidInput for another password.
 */
export async function lockConfirmed(
  { parent: { id, sessionId } }: ParentContext,
  tx: Transaction,
  confirmedBy: { passwordHash: string | null } | undefined,
): Promise<void> {
  const [parent] = await tx.$queryRaw<{ passwordHash: string | null }[]>`
    SELECT password_hash AS "passwordHash" FROM parents WHERE id = ${id} FOR UPDATE`;
  const sessions = await tx.$queryRaw<unknown[]>`
    SELECT id FROM sessions WHERE id = ${sessionId} FOR UPDATE`;
  if (!parent || sessions.length === 0) throw tokenNotValid();
  if (confirmedBy && parent.passwordHash !== confirmedBy.passwordHash) {
    throw new InvalidInput(WRONG_PASSWORD);
  }
}
