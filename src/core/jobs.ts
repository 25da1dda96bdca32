import type { Transaction } from './database.js';

/** Jobs that a worker does at the same time. */
export const JOBS_AT_ONCE = 3;

/** Connections of the worker's own: one a job, one that listens for new jobs, one to spare. */
export const WORKER_CONNECTIONS = JOBS_AT_ONCE + 2;

/**
 * A mail to be sent. What it says is looked up when it is written, so that the queue holds ids; only the
 * address that an account has left can be found nowhere else.
 */
export type MailJob =
  | { mail: 'verify_email' | 'password_reset' | 'password_changed'; parentId: number }
  | { mail: 'address_changed'; to: string; name: string }
  | { mail: GiftMail; donationId: number };

/** To the donor, with the receipt; to the parent; to the donor of a payment that came too late. */
export type GiftMail = 'gift_receipt' | 'gift_notice' | 'gift_returned';

/** Each task of the worker, and what it is told. */
export interface JobPayloads {
  send_mail: MailJob;
  /** Whose address it is, and whether anybody's, is found out by the job. */
  request_password_reset: { email: string };
  /** Has Stripe carry out a refund that is stored here as pending. */
  send_refund: { refundId: number };
}

/**
 * Adds a job in the caller's transaction: it is done once that commits, and never if it doesn't.
 * With a `key` it takes the place of a job of that key that waits: for jobs that would do the same.
 */
export async function enqueue<Task extends keyof JobPayloads>(
  tx: Transaction,
  task: Task,
  payload: JobPayloads[Task],
  { key }: { key?: string } = {},
): Promise<void> {
  await tx.$executeRaw`
    SELECT FROM graphile_worker.add_job(
      ${task}::text, ${JSON.stringify(payload)}::json, job_key => ${key ?? null}::text)`;
}

/** Adds the mails that a gift causes, each once: by one call, as a gift may be one of a thousand a second. */
export async function enqueueGiftMails(
  tx: Transaction,
  donationId: number,
  mails: GiftMail[],
): Promise<void> {
  await tx.$executeRawUnsafe(`SELECT FROM ${giftMails('$1::int', mails)}`, donationId);
}

/** The same as a call in SQL, for statements that store a gift themselves; `donationId` is an expression. */
export function giftMails(donationId: string, mails: GiftMail[]): string {
  const specs = mails.map(
    (mail) =>
      `('send_mail', json_build_object('mail', '${mail}', 'donationId', ${donationId}), NULL, NULL, NULL,
        '${mail} ' || ${donationId}, NULL, NULL)::graphile_worker.job_spec`,
  );
  return `graphile_worker.add_jobs(ARRAY[${specs.join(', ')}])`;
}
