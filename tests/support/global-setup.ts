import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedDatabase } from '../../src/embedded-postgres/index.js';
import { migrate } from '../../src/database/migrate.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of a migrated database that every test file clones. */
    templateUrl: string;
  }
}

/** One PostgreSQL for the whole run: real, in a folder of its own, forgetful of power cuts. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-test-'));
  const database = await startEmbeddedDatabase({ dataDir: folder, durable: false });
  const template = new URL(database.url);
  template.pathname = '/template_dreamjar';
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('CREATE DATABASE template_dreamjar');
  await client.end();
  await migrate(template.href);
  project.provide('templateUrl', template.href);
  return async () => {
    await database.stop();
    // As root the cluster may lie elsewhere, for its account can't enter our folder.
    for (const one of [folder, database.folder]) await rm(one, { recursive: true, force: true });
  };
}
