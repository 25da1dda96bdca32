import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../dist/config/config.js';
import { start } from './processes.mjs';

const ROOT = new URL('../../', import.meta.url);

/** What `npm start` gives to Node: flags, and the program by its whole path. */
const START = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
  .scripts.start.split(' ')
  .slice(1)
  .map((part) => (part.startsWith('--') ? part : fileURLToPath(new URL(part, ROOT))));

/** The settings of a server in production, but that it listens to this machine and limits nobody. */
function production(bench, databaseUrl) {
  return {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: databaseUrl,
    DATA_DIR: bench.folder,
    JWT_SECRET: bench.jwtSecret,
    // A run may be long.
    ACCESS_TOKEN_TTL: '1d',
    RATE_LIMIT: 'off',
    MAX_CAMPAIGNS: '10000',
    MAX_OPEN_CAMPAIGNS: '10000',
    PAYMENTS: 'pledge',
    LOG_LEVEL: 'info',
    WEB_CONCURRENCY: String(bench.options.processes),
  };
}

/** A secret for the servers of one run. */
export function makeSecret() {
  return randomBytes(48).toString('base64url');
}

/** Starts the built server as in production. */
export function startServer(bench, databaseUrl) {
  return start(bench, START, production(bench, databaseUrl));
}

/** How many connections to the database each process of that server may have. */
export function poolSizeOf(bench, databaseUrl) {
  return readConfig({ ...process.env, ...production(bench, databaseUrl) }).databasePoolSize;
}

/** Starts the built server as on a desk: with an embedded database, made first if there is none. */
export function startOnDesk(bench, dataDir) {
  const settings = { ...production(bench, ''), NODE_ENV: 'development', DATA_DIR: dataDir };
  return start(bench, START, settings);
}
