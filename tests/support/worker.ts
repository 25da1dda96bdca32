import type { Settings } from '../../src/context.js';
import { openDatabase, type Database } from '../../src/database/client.js';
import { ERASURE } from '../../src/config/erasure-figures.js';
import { enqueue } from '../../src/database/enqueue.js';
import { createLogger, type Logger } from '../../src/observability/logger.js';
import { INDEXING } from '../../src/config/indexing-figures.js';
import { startWorker, type RunningWorker } from '../../src/jobs/worker.js';
import { JWT_SECRET } from './api.js';
import { FIGURES } from './figures.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export const SETTINGS: Settings = {
  rateLimit: false,
  jwtSecret: JWT_SECRET,
  accessTokenTtl: 3600,
  refreshTokenTtl: 7 * 24 * 3600,
  bcryptCost: 4,
  frontendUrl: 'https://dreamjar.example/app',
  google: undefined,
  publicUrl: 'https://api.dreamjar.example',
  payments: 'pledge',
  currency: 'usd',
  // Wide: tests send one mailbox more than a person would bear.
  mailBudget: { perHour: 10_000, perDay: 10_000, reservePerHour: 0 },
  stripe: undefined,
  ...FIGURES,
  erasure: ERASURE,
  indexing: INDEXING,
};

export const MAIL_FROM = 'DreamJar <no-reply@dreamjar.example>';

/** A database with a queue, and what is needed to work in it. */
export interface Workplace {
  database: TestDatabase;
  db: Database;
  log: Logger;
  /** What was logged, at the most talkative level. */
  logged: string[];
  jobs: () => Promise<Job[]>;
  /** Lets a job that waits for its next attempt be tried now. */
  hurry(): Promise<unknown>;
  /** Tells an address that an account has left it: the mail that needs no account. */
  enqueueMail(to: string, options?: { name?: string; key?: string }): Promise<void>;
  /** The id of a parent with this address. */
  addressee(email: string, firstName?: string): Promise<number>;
  start(options: { smtpUrl?: string; dataDir?: string; databaseUrl?: string }): RunningWorker;
  close(): Promise<void>;
}

export interface Job {
  id: string;
  key: string | null;
  attempts: number;
  last_error: string | null;
  locked_by: string | null;
  /** Seconds until it may be tried again. */
  delay: number;
}

/** Opens a fresh database to enqueue and work in. */
export async function openWorkplace(): Promise<Workplace> {
  const database = await createTestDatabase();
  const logged: string[] = [];
  const log = createLogger('trace', { write: (line: string) => void logged.push(line) });
  const db = openDatabase(database.url, 5, log, FIGURES.search, FIGURES.waits.database);
  const addressee = async (email: string, firstName = 'Ida') => {
    const known = await db.prisma.parent.findFirst({ where: { email } });
    const data = { username: email, email, firstName, googleSub: email };
    return (known ?? (await db.prisma.parent.create({ data }))).id;
  };
  return {
    database,
    db,
    log,
    logged,
    jobs: () =>
      database.sql<Job>(
        `SELECT id::text, key, attempts, last_error, locked_by,
                extract(epoch FROM run_at - now())::float8 AS delay
           FROM graphile_worker.jobs ORDER BY id`,
      ),
    hurry: () => database.sql('UPDATE graphile_worker._private_jobs SET run_at = now()'),
    addressee,
    enqueueMail: async (to, { name = 'Ida', ...options } = {}) => {
      const parentId = await addressee(to, name);
      const job = { mail: 'password_changed', parentId } as const;
      await db.transaction((tx) => enqueue(tx, 'send_mail', job, options));
    },
    start: ({ smtpUrl, dataDir = '/nowhere', databaseUrl = database.url }) =>
      startWorker({
        config: { mail: { smtpUrl, from: MAIL_FROM }, dataDir },
        settings: SETTINGS,
        databaseUrl,
        db,
        log,
        schedule: [],
      }),
    close: async () => {
      await db.close();
      await database.drop();
    },
  };
}
