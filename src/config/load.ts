import { resolve } from 'node:path';
import { readConfig, SETTINGS, type Config } from './config.js';
import { readEnvFile } from './env-file.js';
import { nearestName } from './near-names.js';

/**
 * The settings from the process and `.env`, the process first; an empty variable counts as not set. What
 * `.env` sets reaches `process.env` too, for Node and PostgreSQL's client have variables of their own.
 * `warn` gets a line for each name in `.env` that is probably misspelled.
 * @throws StartError
 */
export function loadConfig(warn: (line: string) => void = () => undefined): Config {
  for (const [name, value] of Object.entries(readEnvFile('.env'))) {
    const meant = nearestName(name, SETTINGS);
    if (meant) warn(`.env sets ${name}, which is no setting and has no effect: ${meant} is one.`);
    process.env[name] ||= value;
  }
  const config = readConfig(process.env);
  return { ...config, dataDir: resolve(config.dataDir) };
}
