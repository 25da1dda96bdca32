import { parseCronItems, type ParsedCronItem } from 'graphile-worker';

/** What is done again and again, by one worker of all at a time. */
export type RecurringTask =
  | 'reconcile_payments'
  | 'close_ended_campaigns'
  | 'forget_old_requests'
  | 'forget_unpaid_gifts'
  | 'erase_deleted'
  | 'index_campaigns'
  | 'forget_comments';

/** When, in cron's terms and in UTC. What a stopped worker has missed is not made up for: the next run does it all. */
const TIMES: Record<RecurringTask, string> = {
  close_ended_campaigns: '* * * * *',
  reconcile_payments: '*/5 * * * *',
  forget_old_requests: '17 * * * *',
  forget_unpaid_gifts: '37 * * * *',
  erase_deleted: '* * * * *',
  index_campaigns: '* * * * *',
  forget_comments: '* * * * *',
};

/** Before all mail, as a run takes the place of one that was enqueued. */
const PRIORITY = -1;

/** The same for the worker. A run that fails is not tried again: the next one comes. */
export const SCHEDULE: ParsedCronItem[] = parseCronItems(
  Object.entries(TIMES).map(([task, match]) => ({
    task,
    match,
    options: {
      backfillPeriod: 0,
      maxAttempts: 1,
      jobKey: task,
      queueName: task,
      priority: PRIORITY,
    },
  })),
);
