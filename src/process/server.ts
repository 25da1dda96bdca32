import cluster from 'node:cluster';
import { complain, joinCluster, startCluster } from './cluster.js';
import type { Config } from '../config/config.js';
import { openDatabase } from '../database/client.js';
import { loadConfig } from '../config/load.js';
import { provideDatabase } from './database.js';
import { StartError } from '../core/errors.js';
import { settleReplica } from '../database/fitness.js';
import { createLogger, flushLog } from '../observability/logger.js';
import { measureProcess } from '../observability/metrics.js';
import { migrate } from '../database/migrate.js';
import { limitEnd } from './shutdown.js';
import { startWorker } from '../jobs/worker.js';
import { settingsOf } from './settings.js';
import { startWeb, type WebDeps } from './web.js';

let log = createLogger('info');
let ending = false;
let exitCode = 0;
/** What was opened, to be closed in the reverse order. */
const opened: (() => Promise<void>)[] = [];

const started = cluster.isPrimary ? start() : startForked();
started.catch((error: unknown) => fail(error, 'the start failed'));
process.on('uncaughtException', (error) => void fail(error, 'uncaught exception'));
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());

/** The server: alone, or with web processes that it forks. */
async function start(): Promise<void> {
  const config = readSettings();
  const database = await provideDatabase(config, 'owner');
  opened.push(() => database.stop());
  await migrate(database.url);

  const replica = config.databaseReplicaUrl;
  const databaseReplicaUrl = replica && (await settleReplica(replica, database.url));
  const deps = await open({ ...config, databaseReplicaUrl }, database.url);
  const web = config.webConcurrency === 1 ? await startWeb(deps) : await fork(deps, database.url);
  const worker = startWorker(deps);
  // Side by side: one after the other they could take too long.
  opened.push(async () => {
    await Promise.all([web.stop(), worker.stop()]);
  });
  announce(config, web.address, database.notes);
}

/** One of the web processes: the primary has found a database and a secret, and does all that is not serving. */
async function startForked(): Promise<void> {
  joinCluster(() => void end());
  const config = readSettings();
  const web = await startWeb(await open(config, config.databaseUrl!));
  opened.push(() => web.stop());
}

function readSettings(): Config {
  const slips: string[] = [];
  const config = loadConfig((line) => slips.push(line));
  log = createLogger(config.logLevel);
  if (cluster.isPrimary) for (const line of slips) log.warn(line);
  measureProcess();
  return config;
}

async function open(config: Config, databaseUrl: string): Promise<WebDeps> {
  const db = openDatabase(databaseUrl, config.databasePoolSize, log);
  opened.push(() => db.close());
  return { config, settings: await settingsOf(config), databaseUrl, db, log };
}

function fork({ config, settings }: WebDeps, databaseUrl: string) {
  return startCluster({
    processes: config.webConcurrency,
    env: {
      DATABASE_URL: databaseUrl,
      JWT_SECRET: settings.jwtSecret,
      ...(config.databaseReplicaUrl && { DATABASE_REPLICA_URL: config.databaseReplicaUrl }),
    },
    log,
    onStartError: (error) => void fail(error, 'a web process did not start'),
  });
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

async function fail(error: unknown, what: string): Promise<void> {
  exitCode = 1;
  if (!(error instanceof StartError)) log.fatal({ err: error }, what);
  else if (cluster.isPrimary) process.stderr.write(`${error.message}\n`);
  else await complain(error);
  await end();
}

/** Once, though Ctrl-C reaches us twice under npm, and a failure may come on the way: it is told by the code. */
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  limitEnd(log);
  await started.catch(() => undefined);
  for (const close of opened.reverse()) {
    await close().catch((error: unknown) => log.error({ err: error }, 'closing failed'));
  }
  if (exitCode === 0) log.info('stopped');
  await flushLog(log);
  process.exit(exitCode);
}
