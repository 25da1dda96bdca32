import type { Transaction } from './client.js';

/** Jobs that a worker does at the same time. */
export const JOBS_AT_ONCE = 3;

/** graphile-worker takes the lowest first: codes and links that somebody waits for come before these. */
const PRIORITY_OF_DONATION_MAILS = 10;

/** Queues are worked on one job at a time: so many at most, and one place is always free for what is urgent. */
const DONATION_MAIL_QUEUES = JOBS_AT_ONCE - 1;

/** Connections of the worker's own: one a job, one that listens for new jobs, one to spare. */
export const WORKER_CONNECTIONS = JOBS_AT_ONCE + 2;

/** Each kind of mail, and what it is about. */
export interface MailSubjects extends Record<GiftMail, { donationId: number }> {
  verify_email: { parentId: number };
  password_reset: { parentId: number };
  password_changed: { parentId: number };
  google_linked: { parentId: number };
  address_changed: { undoId: number };
}

/** A mail to be sent. What it says, and to whom, is looked up when it is written, so that the queue holds ids. */
export type MailJob = {
  [Kind in keyof MailSubjects]: { mail: Kind } & MailSubjects[Kind];
}[keyof MailSubjects];

/** To the donor, with the receipt; to the parent; to the donor of a payment that came too late. */
const GIFT_MAILS = ['gift_receipt', 'gift_notice', 'gift_returned'] as const;

/** Whether a row of the outbox is a mail, in SQL; the others are changes. The index `outbox_changes` says the same. */
export const IS_MAIL = `kind IN (${GIFT_MAILS.map((mail) => `'${mail}'`).join(', ')})`;

/** A mail that a donation causes. */
export type GiftMail = (typeof GIFT_MAILS)[number];

/** Each task of the worker, and what it is told. */
export interface JobPayloads {
  send_mail: MailJob;
  /** Of the account at an address, and of the change by which an account left it: null where there is none. */
  request_password_reset: { parentId: number | null; undoId: number | null };
  /** Has Stripe carry out a refund that is stored here as pending. */
  send_refund: { refundId: number };
  /** Goes on with what deletions have left to be erased. */
  erase_deleted: Record<string, never>;
  /** Goes on with what renames and long texts have left to be indexed. */
  index_campaigns: Record<string, never>;
  /** The remaining tasks have no payload: each looks up what is due. */
  close_ended_campaigns: Record<string, never>;
  forget_comments: Record<string, never>;
  forget_left_addresses: Record<string, never>;
  forget_old_requests: Record<string, never>;
  forget_unpaid_gifts: Record<string, never>;
  reconcile_payments: Record<string, never>;
}

/**
 * Adds a job in the caller's transaction: it is done once that commits, and never if it doesn't.
 * With a `key` it takes the place of a job of that key that waits: for jobs that would do the same. With `at` it
 * waits until then. Jobs of one `queue` are done one after another; a lower `priority` comes first, the usual is 0.
 */
export async function enqueue<Task extends keyof JobPayloads>(
  tx: Transaction,
  task: Task,
  payload: JobPayloads[Task],
  {
    key,
    queue,
    at,
    priority,
  }: { key?: string; queue?: string; at?: Date | undefined; priority?: number } = {},
): Promise<void> {
  await tx.$executeRaw`
    SELECT FROM graphile_worker.add_job(
      ${task}::text, ${JSON.stringify(payload)}::json, queue_name => ${queue ?? null}::text,
      run_at => ${at ?? null}::timestamptz, job_key => ${key ?? null}::text,
      priority => ${priority ?? null}::int)`;
}

/**
 * How a task runs alone: one job waits at most, one is at work, and a scheduled run takes the place of one that waits.
 * Such tasks come again and again, so they do not wait behind all mail each time.
 */
export function alone<Task extends keyof JobPayloads>(task: Task) {
  return { key: task, queue: task, priority: -1 };
}

/** Leaves in the outbox the mails that a donation causes, in the caller's transaction. */
export async function enqueueGiftMails(
  tx: Transaction,
  donationId: number,
  mails: GiftMail[],
): Promise<void> {
  await tx.$executeRawUnsafe(giftMails('(SELECT $1::int AS id)', mails), donationId);
}

/**
 * The same as SQL, for statements that store donations themselves; `donations` is a relation with their ids. To
 * add a job takes a lock on the whole database until the commit, and donations would wait for each other.
 */
export function giftMails(donations: string, mails: GiftMail[]): string {
  const kinds = mails.map((mail) => `('${mail}')`).join(', ');
  return `INSERT INTO outbox (kind, subject)
    SELECT mail.kind, donation.id FROM ${donations} donation, (VALUES ${kinds}) mail (kind)`;
}

/** How many mails of donations are due in the queue, as a query that counts no further than `most`. */
export function dueDonationMails(most: string): string {
  return `SELECT count(*)::int FROM (
    SELECT FROM graphile_worker._private_jobs
     WHERE priority = ${PRIORITY_OF_DONATION_MAILS} AND is_available AND run_at <= now() LIMIT ${most}) due`;
}

/** The mails among rows of the outbox, enqueued as jobs, each once: a query over a relation of such rows. */
export function jobsOfOutbox(rows: string): string {
  return `SELECT graphile_worker.add_jobs(array_agg(
      ('send_mail', json_build_object('mail', kind, 'donationId', subject),
       'donation mails ' || subject % ${DONATION_MAIL_QUEUES}, NULL, NULL, kind || ' ' || subject,
       ${PRIORITY_OF_DONATION_MAILS}, NULL)::graphile_worker.job_spec))
    FROM (SELECT DISTINCT kind, subject FROM ${rows} WHERE ${IS_MAIL}) mail HAVING count(*) > 0`;
}
