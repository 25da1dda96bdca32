import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** The version of this server, which `package.json` alone knows. */
export const VERSION = version;
