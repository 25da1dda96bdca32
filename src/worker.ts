import { openDatabase } from './core/database.js';
import { loadConfig, provideDatabase } from './core/environment.js';
import { StartError } from './core/errors.js';
import { createLogger, flushLog } from './core/logger.js';
import { migrate } from './core/migrate.js';
import { startWorker } from './jobs/worker.js';
import { settingsOf } from './settings.js';

/** Milliseconds after which a stop that hangs is given up. */
const LONGEST_STOP = 9_000;

/** The worker as a process of its own, beside the one in the server. */
async function main(): Promise<void> {
  const told = new Promise<void>((resolve) => {
    process.on('SIGTERM', resolve);
    process.on('SIGINT', resolve);
  });
  const config = loadConfig();
  const log = createLogger(config.logLevel);
  const database = await provideDatabase(config, 'guest');
  await migrate(database.url);
  const db = openDatabase(database.url, config.databasePoolSize, log);
  const settings = await settingsOf(config);
  const worker = startWorker({ config, settings, databaseUrl: database.url, db, log });
  log.info('working');
  await told;
  setTimeout(() => process.exit(1), LONGEST_STOP).unref();
  await worker.stop();
  await db.close();
  await database.stop();
  log.info('stopped');
  await flushLog(log);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
