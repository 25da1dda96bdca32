import { once } from 'node:events';
import { startEmbeddedDatabase } from '../embedded-postgres/index.js';
import { loadConfig } from '../config/load.js';
import { StartError } from '../core/errors.js';

const ending = new AbortController();

/** `npm run database`: the embedded PostgreSQL alone, in the foreground, for other programs. */
async function main(): Promise<void> {
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  void told.then(() => ending.abort());
  const database = await startEmbeddedDatabase({ dataDir: loadConfig().dataDir });
  for (const note of database.notes) process.stderr.write(`${note}\n`);
  process.stdout.write(`DATABASE_URL=${database.url}\n`);
  await told;
  await database.stop();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  // Ctrl-C in the first second also reaches the programs that make the cluster.
  const asked = ending.signal.aborted;
  if (!asked) process.stderr.write(`${error.message}\n`);
  process.exitCode = asked ? 0 : 1;
}
