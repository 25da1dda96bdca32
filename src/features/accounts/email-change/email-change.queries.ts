import type { Context } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';

/** What an account takes back with its old address. */
export interface Undo {
  id: number;
  parentId: number;
  email: string;
  verifiedAt: Date;
  googleSub: string | null;
}

/** The newest undo that works for an address, whichever account it is of. */
export async function undoOfAddress(
  { now }: Pick<Context, 'now'>,
  tx: Transaction,
  email: string,
): Promise<Undo | undefined> {
  const [undo] = await tx.$queryRaw<Undo[]>`
    SELECT id, parent_id AS "parentId", email, verified_at AS "verifiedAt", google_sub AS "googleSub"
      FROM email_undos WHERE lower(email) = lower(${email}) AND expires_at > ${now}
     ORDER BY id DESC LIMIT 1`;
  return undo;
}

/** An account as it is before it returns to an address, locked. */
export interface Returning {
  hasPassword: boolean;
  isActive: boolean;
}

/** Locks the account and spends its undo with all later ones. Undefined when another spent it first. */
export async function spendUndo(
  tx: Transaction,
  { id, parentId }: Undo,
): Promise<Returning | undefined> {
  // The account first, as all who change it do.
  const [parent] = await tx.$queryRaw<Returning[]>`
    SELECT password_hash IS NOT NULL AS "hasPassword", is_active AS "isActive"
      FROM parents WHERE id = ${parentId} FOR UPDATE`;
  const spent = await tx.$queryRaw<{ id: number }[]>`
    DELETE FROM email_undos WHERE parent_id = ${parentId} AND id >= ${id} RETURNING id`;
  return spent.some((undo) => undo.id === id) ? parent : undefined;
}
