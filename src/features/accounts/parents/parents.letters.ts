import type { JobContext } from '../../../context.js';
import { letter, type Letter, type WrittenMail } from '../../../core/letter.js';
import { nameInMail } from './parents.rows.js';

/** Writes the mail that tells a parent of another password; null when the parent is gone. */
export function writePasswordChanged(
  ctx: JobContext,
  { parentId }: { parentId: number },
): Promise<WrittenMail | null> {
  return mailToParent(ctx, parentId, (name) => passwordChanged({ name }));
}

/** A letter to a parent, who is greeted by name where the address is known to be the parent's; null once gone. */
export async function mailToParent(
  { db }: JobContext,
  id: number,
  letterTo: (name: string) => Letter,
): Promise<WrittenMail | null> {
  const parent = await db.prisma.parent.findUnique({
    where: { id },
    select: { email: true, emailVerifiedAt: true, firstName: true },
  });
  if (!parent) return null;
  const isProven = parent.emailVerifiedAt !== null;
  return { to: parent.email, letter: letterTo(nameInMail(parent)), isProven };
}

/** Tells a parent that the password is another now. */
export function passwordChanged({ name }: { name: string }): Letter {
  return letter('Your DreamJar password was changed', name, [
    'The password of your DreamJar account was changed just now, and your other devices were signed out.',
    'If you did that yourself, all is well.',
    'If you did not, please set a new password at once with "Forgotten password" in DreamJar, and change the password of this mailbox too.',
  ]);
}
