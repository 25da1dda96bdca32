import { parseCronItems, type ParsedCronItem, type Task, type TaskList } from 'graphile-worker';
import type { JobContext } from '../context.js';
import { alone, type JobPayloads } from '../database/enqueue.js';
import { forgetLeftAddresses } from '../features/accounts/email-change/email-change.service.js';
import { createPasswordReset } from '../features/accounts/password-reset/password-reset.service.js';
import { eraseDeleted, forgetComments } from '../features/erasure/erasure.service.js';
import { closeEndedCampaigns } from '../features/fundraising/campaigns/campaigns.service.js';
import { forgetUnpaidGifts } from '../features/giving/donations/donations.service.js';
import { reconcilePayments } from '../features/giving/payments/reconciliation.service.js';
import { sendRefund } from '../features/giving/refunds/stripe-refunds.service.js';
import { indexMarked } from '../features/search-index/search-index.service.js';
import { forgetOldRequests } from '../http/api/idempotency-store.js';
import { sendMail, type Sending } from './send-mail.js';

/** A kind of job. It may run more than once and must bear it. */
interface Row<Payload> {
  run: (ctx: JobContext, payload: Payload, signal: AbortSignal | undefined) => Promise<unknown>;
  /** When it is done by itself, in cron's terms and in UTC, by one worker of all at a time. */
  at?: string;
}

type Table = { [Name in Exclude<keyof JobPayloads, 'send_mail'>]: Row<JobPayloads[Name]> };

/** What the worker does beside sending mail. */
const TASKS: Table = {
  request_password_reset: { run: createPasswordReset },
  send_refund: { run: (ctx, { refundId }) => sendRefund(ctx, refundId) },
  close_ended_campaigns: { run: (ctx) => closeEndedCampaigns(ctx), at: '* * * * *' },
  erase_deleted: { run: (ctx, _payload, signal) => eraseDeleted(ctx, signal), at: '* * * * *' },
  forget_comments: { run: (ctx, _payload, signal) => forgetComments(ctx, signal), at: '* * * * *' },
  index_campaigns: { run: (ctx, _payload, signal) => indexMarked(ctx, signal), at: '* * * * *' },
  reconcile_payments: { run: (ctx) => reconcilePayments(ctx), at: '*/5 * * * *' },
  forget_old_requests: { run: (ctx) => forgetOldRequests(ctx), at: '17 * * * *' },
  forget_left_addresses: { run: (ctx) => forgetLeftAddresses(ctx), at: '17 * * * *' },
  forget_unpaid_gifts: { run: (ctx) => forgetUnpaidGifts(ctx), at: '37 * * * *' },
};

/** What tasks work with. */
export interface TaskDeps extends Sending {
  /** A fresh context for each job. */
  context: () => JobContext;
}

/** The same for the worker, and the sending of mail. */
export function createTasks({ context, ...sending }: TaskDeps): TaskList {
  const tasks = Object.entries<Row<never>>(TASKS).map(([name, { run }]): [string, Task] => [
    name,
    async (payload, { abortSignal }) => {
      await run(context(), payload as never, abortSignal);
    },
  ]);
  return {
    ...Object.fromEntries(tasks),
    send_mail: (payload, helpers) =>
      sendMail(context(), payload as JobPayloads['send_mail'], sending, helpers),
  };
}

/**
 * What is done again and again. What a stopped worker has missed is not made up for, and a run that fails is not tried
 * again: the next one does it all.
 */
export const SCHEDULE: ParsedCronItem[] = parseCronItems(
  Object.entries<Row<never>>(TASKS).flatMap(([task, { at }]) => {
    if (at === undefined) return [];
    const { key: jobKey, queue: queueName, priority } = alone(task as keyof JobPayloads);
    const options = { jobKey, queueName, priority, backfillPeriod: 0, maxAttempts: 1 };
    return [{ task, match: at, options }];
  }),
);
