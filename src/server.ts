import { setTimeout as wait } from 'node:timers/promises';
import { createApp } from './app.js';
import type { Config } from './config.js';
import { openDatabase } from './core/database.js';
import { loadConfig, provideDatabase } from './core/environment.js';
import { StartError } from './core/errors.js';
import { createLogger } from './core/logger.js';
import { migrate } from './core/migrate.js';
import { addressOf, listen, stopListening } from './http/listen.js';
import { startWorker } from './jobs/worker.js';
import { settingsOf } from './settings.js';

/** Milliseconds between failing readiness and closing the door, for whoever sends us requests to notice. */
const NOT_READY = 500;

/** Milliseconds after which a stop that hangs is given up. */
const LONGEST_STOP = 9_000;

let log = createLogger('info');
let stopping = false;
/** What was opened, to be closed in the reverse order. */
const opened: (() => Promise<void>)[] = [];

const started = start();
started.catch((error: unknown) => fail(error, 'the start failed'));
process.on('uncaughtException', (error) => void fail(error, 'uncaught exception'));
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());

async function start(): Promise<void> {
  const config = loadConfig();
  log = createLogger(config.logLevel);
  const database = await provideDatabase(config, 'owner');
  opened.push(() => database.stop());
  await migrate(database.url);

  const db = openDatabase(database.url, config.databasePoolSize, log);
  opened.push(() => db.close());
  const settings = await settingsOf(config);
  const app = createApp({ config, settings, db, log, isStopping: () => stopping });
  const server = await listen(app, config.port, config.host);
  const worker = startWorker({ config, settings, databaseUrl: database.url, db, log });
  // Side by side: one after the other they could take too long.
  opened.push(async () => {
    await Promise.all([stopListening(server), worker.stop()]);
  });
  announce(config, addressOf(server), database.notes);
}

function announce(config: Config, address: string, notes: string[]): void {
  log.info({ address }, 'listening');
  if (config.production) return;
  const lines = [
    '',
    `  DreamJar listens on  ${address}`,
    `  Try each call at     ${address}/docs`,
    `  Browse               curl ${address}/campaigns/`,
    ...notes.map((note) => `  ${note}`),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Once, though Ctrl-C reaches us twice under npm: from the terminal, and passed on. */
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), LONGEST_STOP).unref();
  await started.catch(() => undefined);
  await wait(NOT_READY);
  await close();
  log.info('stopped');
  process.exit(0);
}

async function fail(error: unknown, what: string): Promise<void> {
  if (error instanceof StartError) process.stderr.write(`${error.message}\n`);
  else log.fatal({ err: error }, what);
  await close();
  process.exit(1);
}

async function close(): Promise<void> {
  for (const one of opened.splice(0).reverse()) {
    await one().catch((error: unknown) => log.error({ err: error }, 'closing failed'));
  }
}
