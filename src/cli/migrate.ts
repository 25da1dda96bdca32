import { loadConfig } from '../config/load.js';
import { provideDatabase } from '../process/database.js';
import { migrate } from '../database/migrate.js';
import { runCommand } from './command.js';

runCommand(async () => {
  const database = await provideDatabase(loadConfig(), 'guest');
  try {
    const applied = await migrate(database.url);
    return applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'The database is up to date.';
  } finally {
    await database.stop();
  }
});
