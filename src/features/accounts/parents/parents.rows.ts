import type { SignedInParent } from '../../../context.js';

/** What the form of a parent is made of. */
export type ParentRow = Omit<SignedInParent, 'sessionId' | 'signedInAt' | 'isStaff'>;

/**
 * The name by which a mail greets a parent: none where the address was never proven, since the name may then be a
 * stranger's words, and the reader the owner of the address.
 */
export function nameInMail({
  firstName,
  emailVerifiedAt,
}: Pick<ParentRow, 'firstName' | 'emailVerifiedAt'>): string {
  return emailVerifiedAt === null ? '' : firstName;
}
