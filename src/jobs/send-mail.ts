import type { JobHelpers } from 'graphile-worker';
import type { JobContext } from '../context.js';
import type { MailJob } from '../database/enqueue.js';
import { domainOf, MailRefused, type Mailer } from '../integrations/mailer.js';
import { isWithinBudget } from './mail-budget.js';
import { writeMail } from './mails.js';

/** How mail is sent. */
export interface Sending {
  mailer: Mailer;
  /** The sender of all mail. */
  from: string;
}

/** Writes a mail and hands it to the mail server, if it is still wanted and its mailbox may have it. */
export async function sendMail(
  ctx: JobContext,
  mailJob: MailJob,
  { mailer, from }: Sending,
  { job, abortSignal }: Pick<JobHelpers, 'job' | 'abortSignal'>,
): Promise<void> {
  const { mail } = mailJob;
  const written = await writeMail(ctx, mailJob);
  if (written === null) return;
  const { to, letter, isProven = false } = written;
  // At the first attempt alone: a server that is away doesn't use the budget up.
  if (job.attempts === 1 && !(await isWithinBudget(ctx, mail, { to, isProven }))) return;
  await mailer
    .send({ ...letter, to, messageId: messageIdOf(job, from) }, abortSignal)
    .catch((error: unknown) => {
      if (!(error instanceof MailRefused)) throw error;
      ctx.log.warn({ job: job.id, mail, code: error.responseCode }, 'a mail was refused for good');
    });
}

/** The same at each attempt; another once the job stands for a newer mail, or in another database. */
function messageIdOf({ id, revision, created_at }: JobHelpers['job'], from: string): string {
  return `<${id}.${revision}.${created_at.getTime()}@${domainOf(from)}>`;
}
