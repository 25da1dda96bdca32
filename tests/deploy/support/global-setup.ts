import type { TestProject } from 'vitest/node';
import { lookInto } from '../../support/database.js';
import { isThere } from './needs.js';
import { startPostgres } from './postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's URL of Debian's PostgreSQL; empty where it is not installed. */
    debianPostgres: string;
  }
}

/** One PostgreSQL of Debian's for the whole run; each test has roles and databases of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!isThere('postgresql-15')) {
    project.provide('debianPostgres', '');
    return () => Promise.resolve();
  }
  const postgres = await startPostgres();
  const superuser = lookInto(postgres.url);
  await superuser.sql('CREATE ROLE tls_only');
  await superuser.close();
  project.provide('debianPostgres', postgres.url);
  return () => postgres.stop();
}
