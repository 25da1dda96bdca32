import { openDatabase } from '../database/client.js';
import { statement } from '../database/statement.js';
import { loadConfig } from '../config/load.js';
import { provideDatabase } from '../process/database.js';
import { StartError } from '../core/errors.js';
import { createLogger } from '../observability/logger.js';
import { migrate } from '../database/migrate.js';
import { runCommand } from './command.js';

const USAGE = 'Usage: npm run staff -- grant|revoke <email>';

const SET_STAFF = statement(
  'UPDATE parents SET is_staff = $2 WHERE lower(email) = lower($1) RETURNING id',
);

runCommand(async () => {
  const [action, email, ...more] = process.argv.slice(2);
  if ((action !== 'grant' && action !== 'revoke') || !email || more.length > 0) {
    throw new StartError(USAGE);
  }
  const config = loadConfig();
  const database = await provideDatabase(config, 'guest');
  await migrate(database.url);
  const db = openDatabase(database.url, 1, createLogger(config.logLevel));
  try {
    const [parent] = await db.query<{ id: number }>(SET_STAFF, [email, action === 'grant']);
    if (!parent) throw new StartError('There is no parent with this address.');
    return `Parent ${parent.id} ${action === 'grant' ? 'is now staff' : 'is staff no more'}.`;
  } finally {
    await db.close();
    await database.stop();
  }
});
