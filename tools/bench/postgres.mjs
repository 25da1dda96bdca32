import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbeddedDatabase } from '../../dist/embedded-postgres/index.js';

const SEED = fileURLToPath(new URL('../demo-data/seed.ts', import.meta.url));

/** Campaigns a family has, on average. */
const CAMPAIGNS_PER_PARENT = 5;

/**
 * The PostgreSQL of a run: the one at DATABASE_URL, where only databases named dreamjar_bench_… are touched,
 * or an embedded one. What was loaded stays there, and in the folder to keep.
 */
export async function openPostgres({ folder, onEnd, options }) {
  const url =
    process.env.DATABASE_URL || (await embedded(options.keep ?? join(folder, 'db'), onEnd));
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  onEnd(() => client.end());
  const isThere = async (name) => {
    const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    return found.rowCount > 0;
  };
  const drop = (name) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);

  /** Loads a database of this size under a name that it gets once it is whole. */
  async function load(size) {
    const draft = `${nameOf(size)}_draft`;
    await drop(draft);
    onEnd(() => drop(draft));
    await client.query(`CREATE DATABASE ${draft}`);
    await seed(databaseAt(url, draft), size, onEnd);
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${nameOf(size)}`);
  }

  return {
    isLoaded: (size) => isThere(nameOf(size)),
    /** The URL of a copy of a database of this size, loaded if need be: each run begins with the same. */
    async copy(size) {
      if (!(await isThere(nameOf(size)))) await load(size);
      const copy = `${nameOf(size)}_${process.pid}`;
      onEnd(() => drop(copy));
      await client.query(`CREATE DATABASE ${copy} TEMPLATE ${nameOf(size)}`);
      // Otherwise what the copy wrote is brought to the disk in the midst of a round. Not everyone may.
      await client.query('CHECKPOINT').catch(() => undefined);
      return databaseAt(url, copy);
    },
  };
}

async function embedded(dataDir, onEnd) {
  const database = await startEmbeddedDatabase({ dataDir });
  onEnd(() => database.stop());
  for (const note of database.notes) console.error(note);
  return database.url;
}

function nameOf({ campaigns, donations }) {
  return `dreamjar_bench_${campaigns}_${donations}`;
}

function databaseAt(url, name) {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** Fills a database by the project's own seeder. */
async function seed(url, { campaigns, donations }, onEnd) {
  const parents = Math.ceil(campaigns / CAMPAIGNS_PER_PARENT);
  const size = { parents, campaigns, donations };
  const args = Object.entries(size).flatMap(([name, count]) => [`--${name}`, String(count)]);
  console.error(`Loading ${campaigns} campaigns with ${donations} donations …`);
  const env = { ...process.env, DATABASE_URL: url, NODE_ENV: 'development' };
  const seeder = spawn(process.execPath, ['--import', 'tsx', SEED, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exit = once(seeder, 'exit');
  // It may be too busy to hear anything else, and half a database is of no use.
  onEnd(() => seeder.kill('SIGKILL') && exit);
  const [code] = await exit;
  if (code !== 0) throw new Error('The seeder failed.');
}
