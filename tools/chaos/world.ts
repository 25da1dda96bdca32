import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { seedDatabase } from '../demo-data/seed-database.js';
import { migrate } from '../../src/database/migrate.js';
import { openPostgres, type Postgres } from './postgres.js';
import { signInOwner } from './owner.js';
import type { RunSql } from './sql.js';
import { JWT_SECRET, startServer, type Server } from './server.js';
import type { Owner } from './traffic.js';

/** Where faults happen: a platform of its own, small and whole. */
export interface World {
  postgres: Postgres;
  /** Open campaigns. */
  campaigns: number[];
  owner: Owner;
  /** Whether to be done soon: fewer rounds, shorter times. */
  quick: boolean;
  /** Runs SQL from outside, on a connection of its own. */
  sql: RunSql;
  /** A connection from outside, to be ended by whoever asks. */
  connect(): Promise<pg.Client>;
  startServer(settings?: Record<string, string>): Promise<Server>;
  close(): Promise<void>;
}

const SIZE = { parents: 20, campaigns: 60, donations: 1_000 };

/** Requests a second that any machine should bear. */
export const EASY_LOAD = 60;

/** Makes one. Its database may lie in a folder that exists. */
export async function openWorld({
  quick,
  disk,
}: {
  quick: boolean;
  disk?: string;
}): Promise<World> {
  const folder = await makeFolder();
  const postgres = await openPostgres(join(disk ?? folder, 'data'));
  const { url } = postgres;
  const servers: Server[] = [];

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async function sql<Row>(text: string, values?: unknown[]): Promise<Row[]> {
    const client = await connect();
    const { rows } = await client.query(text, values).finally(() => client.end());
    return rows as Row[];
  }

  async function close(): Promise<void> {
    await Promise.all(servers.map((server) => server.kill()));
    await postgres.stop();
    // As root the cluster may lie elsewhere, for its account can't enter our folder.
    await rm(postgres.folder, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await migrate(url);
    const made = { seed: 1, size: SIZE, now: new Date(), bcryptCost: 4, production: false };
    await seedDatabase(url, made);
    const open = await sql<{ id: number }>('SELECT id FROM campaigns WHERE is_open ORDER BY id');
    const owner = await signInOwner(sql, JWT_SECRET);
    return {
      ...{ postgres, campaigns: open.map(({ id }) => id), owner, quick, sql, connect, close },
      startServer: async (settings) => {
        const server = await startServer(folder, url, settings);
        servers.push(server);
        return server;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Open to all, for as root PostgreSQL runs as another account. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-chaos-'));
  await chmod(folder, 0o755);
  return folder;
}
