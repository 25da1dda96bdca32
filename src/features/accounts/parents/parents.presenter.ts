import type { z } from 'zod';
import type { SignedInParent } from '../../../context.js';
import { presentChild, type ChildRow } from '../../families/children/children.presenter.js';
import type { ParentForm } from './parents.schemas.js';

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

/** A parent with all children and their campaigns, for that parent's eyes alone. */
export function presentParent(
  parent: ParentRow,
  children: ChildRow[],
  now: Date,
): z.input<typeof ParentForm> {
  return {
    id: parent.id,
    username: parent.username,
    email: parent.email,
    email_verified: parent.emailVerifiedAt !== null,
    first_name: parent.firstName,
    last_name: parent.lastName,
    date_joined: parent.dateJoined.toISOString(),
    children: children.map((child) => presentChild(child, now)),
  };
}
