import type { Transaction } from './database.js';

/**
 * A mail to be sent. What it says is looked up when it is written, so that the queue holds ids; only the
 * address that an account has left can be found nowhere else.
 */
export type MailJob =
  | { mail: 'verify_email' | 'password_reset' | 'password_changed'; parentId: number }
  | { mail: 'address_changed'; to: string; name: string };

/** Each task of the worker, and what it is told. */
export interface JobPayloads {
  send_mail: MailJob;
  /** Whose address it is, and whether anybody's, is found out by the job. */
  request_password_reset: { email: string };
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
