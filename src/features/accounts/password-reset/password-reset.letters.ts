import type { JobContext } from '../../../context.js';
import { letter, pageOfApp, type Letter, type WrittenMail } from '../../../core/letter.js';
import { passwordResetMail } from './password-reset.service.js';

/** Writes the mail with the link that a parent asked for; null when there is none any more. */
export async function writePasswordReset(
  ctx: JobContext,
  { parentId }: { parentId: number },
): Promise<WrittenMail | null> {
  const wanted = await passwordResetMail(ctx, parentId);
  if (!wanted) return null;
  const { to, name, token, isProven } = wanted;
  const link = pageOfApp(ctx.settings.frontendUrl, `reset-password#token=${token}`);
  return { to, letter: passwordReset({ name, token, link }), isProven };
}

/** Brings what is needed to set a new password. With no link the bare token must do. */
export function passwordReset(values: {
  name: string;
  token: string;
  link?: string | undefined;
}): Letter {
  const { name, token, link } = values;
  return letter('A new password for DreamJar', name, [
    'Someone, hopefully you, asked to set a new password for your DreamJar account.',
    ...(link === undefined
      ? ['Please enter this in DreamJar:', { copy: token }]
      : [{ open: link, label: 'Set a new password' }]),
    'It works once, for 30 minutes. Please pass it on to nobody.',
    'If this was not you, you need not do anything: nothing has changed.',
  ]);
}
