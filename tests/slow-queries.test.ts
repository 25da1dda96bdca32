import { afterEach, expect, onTestFinished, test } from 'vitest';
import { statement } from '../src/database/statement.js';
import { openWorkerPool } from '../src/jobs/worker-pool.js';
import { useApi } from './support/api.js';
import { registerParent } from './support/factories.js';
import { FIGURES } from './support/figures.js';

/** Less than these tests have a statement sleep. */
const SLOW = 200;

const api = useApi({ waits: { database: { ...FIGURES.waits.database, slow: SLOW } } });
/** Where no statement is slow. */
const patient = useApi();

const SECRET = 'value-of-a-row';

afterEach(() => api.logged.splice(0));

interface Line {
  level: number;
  msg: string;
  sql: string;
  ms: number;
}

function slowLines(): Line[] {
  const lines = api.logged.map((line) => JSON.parse(line) as Line);
  return lines.filter(({ msg }) => msg === 'a slow statement');
}

async function slowCount(): Promise<number> {
  const { text } = await api.get('/metrics').expect(200);
  return Number(/^slow_queries_total (\d+)$/m.exec(text)![1]);
}

test('a statement of ours that is slow is logged and counted, without its values', async () => {
  const before = await slowCount();
  const slow = statement(`SELECT pg_sleep(0.25),
    $1::text`);
  await api.db.query(slow, [SECRET]);
  expect(slowLines()).toEqual([
    expect.objectContaining({ level: 40, sql: 'SELECT pg_sleep(0.25), $1::text' }),
  ]);
  expect(slowLines()[0]!.ms).toBeGreaterThan(SLOW);
  expect(await slowCount()).toBeGreaterThan(before);
  expect(api.logged.join('')).not.toContain(SECRET);
});

test('so is one that fails', async () => {
  const failing = statement('SELECT $1::text, pg_sleep(0.25)::text::int');
  await expect(api.db.query(failing, [SECRET])).rejects.toThrow();
  expect(slowLines().map(({ sql }) => sql)).toEqual([failing.text]);
  expect(api.logged.join('')).not.toContain(SECRET);
});

test("Prisma's are logged too: reads, writes and those in a transaction", async () => {
  const parent = await registerParent(api);
  await api.database.sql(`
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_sleep(0.25); RETURN NEW; END $$`);
  await api.database.sql(`
    CREATE TRIGGER dawdle BEFORE UPDATE ON parents FOR EACH ROW EXECUTE FUNCTION dawdle()`);
  await api.put('/parents/me/', { first_name: SECRET }, parent.access).expect(200);
  await api.db.transaction((tx) => tx.$queryRaw`SELECT pg_sleep(0.25)::text, ${SECRET}::text`);
  await api.database.sql('DROP TRIGGER dawdle ON parents');
  // On a busy machine others may be slow too.
  const texts = slowLines().map(({ sql }) => sql);
  expect(texts).toContainEqual(expect.stringMatching(/^UPDATE .*parents.* SET .*\$1/));
  expect(texts).toContain('SELECT pg_sleep(0.25)::text, $1::text');
  expect(api.logged.join('')).not.toContain(SECRET);
});

test("the worker's are logged too, asked by its pool or by one of its connections", async () => {
  const pool = openWorkerPool(api.database.url, 1, api.log, {
    ...FIGURES.waits.worker,
    slow: SLOW,
  });
  onTestFinished(() => pool.end());
  await pool.query('SELECT pg_sleep(0.25), $1::text', [SECRET]);
  const client = await pool.connect();
  await client.query('SELECT pg_sleep(0.25), 2, $1::text', [SECRET]);
  client.release();
  expect(slowLines().map(({ sql }) => sql)).toEqual([
    'SELECT pg_sleep(0.25), $1::text',
    'SELECT pg_sleep(0.25), 2, $1::text',
  ]);
  expect(api.logged.join('')).not.toContain(SECRET);
});

test('a quick statement is not logged, and a long text is cut', async () => {
  await patient.db.query(statement('SELECT pg_sleep(0.25), $1::text'), [SECRET]);
  expect(patient.logged.filter((line) => line.includes('a slow statement'))).toEqual([]);
  const list = Array.from({ length: 2_000 }, (_, i) => i).join(', ');
  await api.db.query(statement(`SELECT pg_sleep(0.25), 1 IN (${list})`), []);
  expect(slowLines()[0]!.sql).toHaveLength(2_000);
});
