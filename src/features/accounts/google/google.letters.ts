import type { JobContext } from '../../../context.js';
import { letter, NO_NAME, type Letter, type WrittenMail } from '../../../core/letter.js';
import { mailToParent } from '../parents/parents.letters.js';

/** Writes the mail that tells a parent of the first sign-in by Google; null when the parent is gone. */
export function writeGoogleLinked(
  ctx: JobContext,
  { parentId }: { parentId: number },
): Promise<WrittenMail | null> {
  return mailToParent(ctx, parentId, googleLinked);
}

/** Tells a parent what the first sign-in by Google changed. */
export function googleLinked(): Letter {
  return letter('You can sign in to DreamJar by Google', NO_NAME, [
    'Your DreamJar account was opened by Google for the first time just now. From now on you can sign in that way.',
    'All other devices were signed out. If the account had a password that was never set by a link in a mail to this address, it no longer works; "Forgotten password" in DreamJar sets a new one.',
  ]);
}
