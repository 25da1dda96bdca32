import type { JobContext } from '../../../context.js';
import { letter, NO_NAME, pageOfApp, type Letter, type WrittenMail } from '../../../core/letter.js';
import { verificationMail } from './verification.service.js';

/** Writes the mail with the code that a parent is to confirm; null when there is none any more. */
export async function writeVerification(
  ctx: JobContext,
  { parentId }: { parentId: number },
): Promise<WrittenMail | null> {
  const wanted = await verificationMail(ctx, parentId);
  if (!wanted) return null;
  const { to, code } = wanted;
  const link = pageOfApp(ctx.settings.frontendUrl, `verify-email#code=${code}`);
  return { to, letter: verifyEmail({ code, link }) };
}

/** Asks a parent to prove that the address is theirs. With no link the bare code must do. */
export function verifyEmail(values: { code: string; link?: string | undefined }): Letter {
  const { code, link } = values;
  return letter('Your code for DreamJar', NO_NAME, [
    'Welcome! Please enter this code in DreamJar, so that we know that this address is yours:',
    { copy: code },
    ...(link === undefined ? [] : [{ open: link, label: 'Confirm my address' }]),
    'The code works for 10 minutes. We never ask for it by mail or by telephone.',
    'If you have not given this address to DreamJar, you can forget this mail.',
  ]);
}
