import { Logger as WorkerLogger, type Job } from 'graphile-worker';
import type { Logger } from '../observability/logger.js';

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;

interface Meta {
  failure?: boolean;
  job?: Job;
  error?: unknown;
  fatalError?: unknown;
}

/**
 * What the queue says, in our log: ids and numbers only. It hands whole jobs to its logger, and quotes
 * errors in its sentences; neither may be passed on.
 */
export function workerLogger(log: Logger): WorkerLogger {
  return new WorkerLogger((scope) => (level, message, meta) => {
    const { failure, job, error, fatalError } = (meta ?? {}) as Meta;
    const err = error ?? fatalError;
    const line = {
      job: scope.jobId ?? job?.id,
      task: scope.taskIdentifier,
      ...(err ? { err } : {}),
    };
    if (failure && job) {
      const last = job.attempts >= job.max_attempts;
      const attempt = { ...line, task: job.task_identifier, attempt: job.attempts };
      if (last) log.error(attempt, 'a job failed for the last time and was given up');
      else log.warn(attempt, 'a job failed and will be tried again');
    } else {
      log[LEVELS[level]](line, `worker: ${beforeQuotation(message)}`);
    }
  });
}

function beforeQuotation(message: string): string {
  return message.split(/[:'\n]/, 1)[0]!.trim();
}
