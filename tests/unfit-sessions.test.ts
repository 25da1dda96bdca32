import { afterEach, beforeAll, afterAll, describe, expect, test, vi } from 'vitest';
import { StartError } from '../src/core/errors.js';
import { settleDatabase } from '../src/database/fitness.js';
import { migrate } from '../src/database/migrate.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => database.drop());

async function refusal(parameters = ''): Promise<string> {
  const error: unknown = await settleDatabase(`${database.url}${parameters}`).catch(
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(StartError);
  return (error as StartError).message;
}

test.each(['pg_catalog', 'pg_toast', 'information_schema'])(
  'the schema %s is refused, for it is not ours',
  async (schema) => {
    const sentence = `The schema ${schema} belongs to PostgreSQL itself: name another`;
    expect(await refusal(`?schema=${schema}`)).toContain(sentence);
    const name = new URL(database.url).pathname.slice(1);
    const { role } = (await database.sql<{ role: string }>('SELECT current_user AS role'))[0]!;
    await database.sql(`ALTER ROLE ${role} IN DATABASE ${name} SET search_path TO ${schema}`);
    expect(await refusal()).toContain(sentence);
    await database.sql(`ALTER ROLE ${role} IN DATABASE ${name} RESET search_path`);
  },
);

describe('PGOPTIONS', () => {
  test.each([
    '-c statement_timeout=1',
    '-cstatement_timeout=1ms -c lock_timeout=1',
    '--statement-timeout=1',
    '-c work_mem=7MB -c IDLE_SESSION_TIMEOUT=1',
    '-c idle_in_transaction_session_timeout=1',
  ])('%s ends no statement of the start', async (options) => {
    vi.stubEnv('PGOPTIONS', options);
    for (let times = 0; times < 10; times += 1) await settleDatabase(database.url);
    await migrate(database.url);
  });

  test('that make the session read-only are refused, with what to do', async () => {
    vi.stubEnv('PGOPTIONS', '-c default_transaction_read_only=on');
    expect(await refusal()).toBe(
      "These settings of the session can't be worked with: default_transaction_read_only is on. " +
        'Take default_transaction_read_only out of PGOPTIONS, or of options in DATABASE_URL.',
    );
  });
});
