import { openDatabase } from '../database/client.js';
import { loadConfig } from '../config/load.js';
import { provideDatabase } from './database.js';
import { StartError } from '../core/errors.js';
import { createLogger, flushLog } from '../observability/logger.js';
import { migrate } from '../database/migrate.js';
import { limitEnd } from './shutdown.js';
import { startWorker } from '../jobs/worker.js';
import { settingsOf } from './settings.js';

let log = createLogger('info');

process.on('uncaughtException', (error) => void fail(error));
work().catch(fail);

/** The worker as a process of its own, beside the one in the server. */
async function work(): Promise<void> {
  const told = new Promise<void>((resolve) => {
    process.on('SIGTERM', resolve);
    process.on('SIGINT', resolve);
  });
  void told.then(() => limitEnd(log));
  const config = loadConfig();
  log = createLogger(config.logLevel);
  const database = await provideDatabase(config, 'guest');
  await migrate(database.url);
  const db = openDatabase(database.url, config.databasePoolSize, log);
  const settings = await settingsOf(config);
  const worker = startWorker({ config, settings, databaseUrl: database.url, db, log });
  log.info('working');
  await told;
  await worker.stop();
  await db.close();
  await database.stop();
  log.info('stopped');
  await flushLog(log);
  process.exit(0);
}

/** Jobs at work are done again by the next worker. */
async function fail(error: unknown): Promise<void> {
  limitEnd(log);
  if (error instanceof StartError) process.stderr.write(`${error.message}\n`);
  else log.fatal({ err: error }, 'the worker failed');
  await flushLog(log);
  process.exit(1);
}
