import { connectTo } from '../database/fitness.js';
import { loadConfig } from '../config/load.js';
import { provideDatabase } from '../process/database.js';
import { migrate } from '../database/migrate.js';
import { runCommand } from './command.js';
import { recount } from './recount/recount.js';

/** `npm run recount`: after a restore of data alone, or whenever totals are in doubt; gifts may go on meanwhile. */
runCommand(async () => {
  const database = await provideDatabase(loadConfig(), 'guest');
  try {
    await migrate(database.url);
    const client = await connectTo(database.url);
    const { campaigns, totals, gifts } = await recount(client).finally(() => client.end());
    return `Counted ${campaigns} campaigns: the totals of ${totals} and what was given back of ${gifts} gifts were wrong and are right now.`;
  } finally {
    await database.stop();
  }
});
