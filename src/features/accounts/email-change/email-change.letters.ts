import type { JobContext } from '../../../context.js';
import { letter, NO_NAME, pageOfApp, type Letter, type WrittenMail } from '../../../core/letter.js';
import { addressChangedMail } from './email-change.service.js';

/** Writes the mail to an address that was left; null once it cannot undo that any more. */
export async function writeAddressChanged(
  ctx: JobContext,
  { undoId }: { undoId: number },
): Promise<WrittenMail | null> {
  const wanted = await addressChangedMail(ctx, undoId);
  if (!wanted) return null;
  const { to, ...values } = wanted;
  const link = pageOfApp(ctx.settings.frontendUrl, `undo-email#token=${values.token}`);
  return { to, letter: addressChanged({ ...values, link }) };
}

/**
 * Tells the address that an account has left how to undo that. It names no other address: it may not be for these
 * eyes. With no link the bare token must do.
 */
export function addressChanged(values: {
  token: string;
  hours: number;
  link?: string | undefined;
}): Letter {
  const { token, hours, link } = values;
  return letter('Your DreamJar address was changed', NO_NAME, [
    'The address by which you sign in to DreamJar was changed. This old one no longer works, and you will get no more mail from us here.',
    'If you did that yourself, all is well.',
    `If you did not, someone else may be in your account. Within ${hours} hours of the change you can take it back to this address:`,
    ...(link === undefined
      ? ['Please enter this in DreamJar, where a change of the address is undone:', { copy: token }]
      : [{ open: link, label: 'Undo the change' }]),
    'That signs everybody out, and the password no longer works: we then mail you a link to set a new one. Please change the password of this mailbox too.',
  ]);
}
