import type { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load.js';
import { provideDatabase } from '../../src/process/database.js';
import { StartError } from '../../src/core/errors.js';
import { migrate } from '../../src/database/migrate.js';
import { runCommand } from '../../src/cli/command.js';
import { HELP, readArguments, type SeedArguments } from './arguments.js';
import { startProgress } from './progress.js';
import { reportOf } from './report.js';
import { refuseProduction, seedDatabase } from './seed-database.js';

const interruption = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new StartError('Stopped: nothing was added.')));
}

runCommand(async () => {
  const given = readArguments(process.argv.slice(2));
  if (given.help) return HELP;
  refuseProduction(process.env.NODE_ENV === 'production');
  const config = loadConfig();
  refuseProduction(config.production);
  const database = await provideDatabase(config, 'guest');
  try {
    await migrate(database.url);
    return await fill(database.url, config, given);
  } finally {
    await database.stop();
  }
});

async function fill(url: string, config: Config, { seed, size }: SeedArguments): Promise<string> {
  const { bcryptCost, production, host, port } = config;
  const start = performance.now();
  const progress = startProgress(size.donations);
  const seeded = await seedDatabase(url, {
    seed,
    size,
    now: new Date(),
    bcryptCost,
    production,
    onProgress: (done) => progress.show(done),
    signal: interruption.signal,
  }).finally(() => progress.end());
  const address = config.publicUrl ?? `http://${host}:${port}`;
  return reportOf(seeded, (performance.now() - start) / 1_000, address);
}
