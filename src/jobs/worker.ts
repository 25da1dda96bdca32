import { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { run, type ParsedCronItem, type TaskList, type WorkerEvents } from 'graphile-worker';
import type { Config } from '../config/config.js';
import type { JobContext, Settings } from '../context.js';
import type { Database } from '../database/client.js';
import { JOBS_AT_ONCE, WORKER_CONNECTIONS } from '../database/enqueue.js';
import type { Logger } from '../observability/logger.js';
import { openOutbox } from '../database/outbox.js';
import { createMailer } from '../integrations/mailer.js';
import { freeOrphans, showLife } from './orphans.js';
import { createTasks, SCHEDULE } from './tasks.js';
import { workerLogger } from './worker-log.js';
import { mayBeSilent, openWorkerPool } from './worker-pool.js';

/** Milliseconds. New jobs are announced; polling finds those whose time has come, and after an outage. */
const POLL = 2_000;
const ORPHANS = 10_000;
const RESTART = 2_000;

/** Milliseconds after which a stop ends the jobs at work, to be tried again later, and is given up. */
const STOP = { jobs: 3_000, all: 4_500 };

/** What a worker is started with. */
export interface WorkerDeps {
  config: Pick<Config, 'mail' | 'dataDir'> & Partial<Pick<Config, 'production'>>;
  settings: Settings;
  databaseUrl: string;
  db: Database;
  log: Logger;
  /** What recurs; the usual unless told. */
  schedule?: ParsedCronItem[];
}

/** A worker under way. */
export interface RunningWorker {
  /** Takes no more jobs, lets those at work finish, and unlocks what takes too long: five seconds at most. */
  stop(): Promise<void>;
}

/**
 * Does the jobs that are enqueued, here and now and until it is stopped: no failure of the database, of
 * the mail server or of a job ends it.
 * @throws StartError when the settings for mail are not usable.
 */
export function startWorker(deps: WorkerDeps): RunningWorker {
  const { config, db, log, settings } = deps;
  if (config.production && config.mail.smtpUrl === undefined) {
    log.warn(
      'SMTP_URL is not set: nobody is sent mail, each becomes a file that is kept for 7 days',
    );
  }
  const mailer = createMailer({ ...config.mail, dataDir: config.dataDir });
  const context = (): JobContext => ({ now: new Date(), db, log, settings });
  const tasks = createTasks({ mailer, context, from: config.mail.from });
  const ending = new AbortController();
  const outbox = openOutbox(db, log);
  const running = keepRunning(deps, tasks, ending.signal);
  return {
    stop: async () => {
      ending.abort();
      await Promise.race([running, wait(STOP.all, undefined, { ref: false })]);
      await outbox.close();
      mailer.close();
    },
  };
}

async function keepRunning(deps: WorkerDeps, tasks: TaskList, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    try {
      await runOnce(deps, tasks, ending);
    } catch (error) {
      deps.log.warn({ err: error }, 'the worker can not run now');
    }
    await wait(RESTART, undefined, { signal: ending }).catch(() => undefined);
  }
}

/** Until the end, or until the queue gives up, as it does when it can't write down what became of a job. */
async function runOnce(deps: WorkerDeps, taskList: TaskList, ending: AbortSignal): Promise<void> {
  const pool = openWorkerPool(
    deps.databaseUrl,
    WORKER_CONNECTIONS,
    deps.log,
    deps.settings.waits.worker,
  );
  const events: WorkerEvents = new EventEmitter();
  const care = careForOrphans(deps, events);
  try {
    const runner = await run({
      pgPool: pool,
      taskList,
      events,
      concurrency: JOBS_AT_ONCE,
      pollInterval: POLL,
      parsedCronItems: deps.schedule ?? SCHEDULE,
      noHandleSignals: true,
      logger: workerLogger(deps.log),
      preset: {
        worker: {
          gracefulShutdownAbortTimeout: STOP.jobs,
          // What became of a job is written down in batches: these are tried again while the database is
          // away, and waited for by a stop. Single ones are neither, and their failure ends the process.
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
    });
    const stop = () => void runner.stop().catch(() => undefined);
    ending.addEventListener('abort', stop);
    if (ending.aborted) stop();
    await runner.promise.finally(() => ending.removeEventListener('abort', stop));
  } finally {
    care.end();
    await pool.end();
  }
}

/** The connection that listens also shows that we live; as long as we do, we look after those who don't. */
function careForOrphans({ db, log }: WorkerDeps, events: WorkerEvents): { end(): void } {
  let timer: NodeJS.Timeout | undefined;
  const failed = (error: unknown) => log.debug({ err: error }, 'jobs of dead workers: not now');
  events.on('pool:create', ({ workerPool }) => {
    const look = () =>
      freeOrphans(db, workerPool.id).then((dead) => {
        if (dead > 0) log.warn({ dead }, 'workers had died: their jobs are done again');
      }, failed);
    void look();
    timer = setInterval(() => void look(), ORPHANS);
  });
  events.on('pool:listen:success', ({ client, workerPool }) => {
    mayBeSilent(client);
    // After the LISTEN that is sent right now: a connection takes one statement at a time.
    client.once('drain', () => void showLife(client, workerPool.id).catch(failed));
  });
  return { end: () => clearInterval(timer) };
}
