// Measures the processor time that PostgreSQL takes for searches, in each order and at several sizes, and prints a
// Markdown table. That time hardly depends on what else the machine does; it is asked of Linux.
// Databases named dreamjar_search_… are made and kept in the folder, so that a second run only measures.
// Usage, after npm run build: node tools/bench/measure-search.mjs FOLDER [SIZE…]
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { openDatabase } from '../../dist/database/client.js';
import { startEmbeddedDatabase } from '../../dist/embedded-postgres/index.js';
import { createLogger } from '../../dist/observability/logger.js';
import { migrate } from '../../dist/database/migrate.js';
import { SEARCH_BOUNDS } from '../../dist/database/searching.js';
import { SORTS } from '../../dist/features/fundraising/campaigns/campaigns.schemas.js';
import { countFound } from '../../dist/features/fundraising/campaigns/count.queries.js';
import { searchCampaigns } from '../../dist/features/fundraising/campaigns/search.queries.js';

const [folder, ...given] = process.argv.slice(2);
/** Each order with a page of 20, and the first one with the page that is given unless asked for otherwise. */
const PAGES = [
  ...SORTS.map((sort) => ({ sort, page_size: 20 })),
  { sort: 'newest', page_size: 100 },
];
const COLUMNS = [...PAGES.map(({ sort, page_size }) => `${sort}, ${page_size}`), 'count'];
const SIZES = given.length > 0 ? given.map(Number) : [1_000, 10_000, 100_000];
const TIMES = 20;
const BATCH = 1_000;
const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu'.split(' ');

/** How busy the machine is: this takes about as long as the processor is slow. */
const YARDSTICK = { text: 'SELECT sum(n) FROM generate_series(1, 1000000) n' };

/** One campaign in `RARE` holds the rare word. */
const RARE = 5_000;
const LONG = 9_900;

/** What is asked for. Words of the texts are frequent as in a language: the nth about 1 / n as often as the first. */
const QUERIES = {
  'a word that 27 % hold': [wordOf(25)],
  'a word that 3 % hold': [wordOf(300)],
  'three words, 1 % hold all': [wordOf(25), wordOf(30), wordOf(35)],
  'a word that 1 in 5,000 holds': ['zither'],
  'a word that all hold': ['dream'],
  'two letters that nothing holds': ['qz'],
  'a long word that nothing holds': [wordOf(25) + wordOf(30) + wordOf(35)],
};

/** Asked where the newest tenth has descriptions of 9,900 letters that repeat themselves. */
const AGAINST_LONG = {
  '200 letters, compared in vain at every place': [`b${'a'.repeat(199)}`],
  'a word that 3 % hold, among them': [wordOf(300)],
  'letters that all of them hold': ['aab'],
  'eight words, the last held by none': ['a', 'b', 'aa', 'ab', 'ba', 'aab', 'baa', 'qz'],
};

const database = await startEmbeddedDatabase({ dataDir: folder });
try {
  const rows = [];
  for (const size of SIZES) {
    // With long texts the bounds are reached at any size, and to load very many takes long.
    for (const isLong of size > 10_000 ? [false] : [false, true]) {
      rows.push(...(await measure(size, isLong, isLong ? AGAINST_LONG : QUERIES)));
    }
  }
  print(rows);
} finally {
  await database.stop();
}

async function measure(size, isLong, queries) {
  const url = await filled(size, isLong);
  const bounds = { ...SEARCH_BOUNDS, atOnce: 1, statement: 60_000 };
  const db = openDatabase(url, 1, createLogger('silent'), bounds);
  const ctx = { db, settings: { search: bounds }, now: new Date(), client: { network: 'here' } };
  const [{ pid }] = await db.search({ text: 'SELECT pg_backend_pid() AS pid' }, [], 'here');
  console.error(
    'to add up a million numbers:',
    await median(pid, () => db.search(YARDSTICK, [], 'here')),
  );
  const rows = [];
  for (const [name, words] of Object.entries(queries)) {
    const times = [];
    for (const page of PAGES) {
      times.push(await median(pid, () => searchCampaigns(ctx, page, words)));
    }
    times.push(await median(pid, () => countFound(ctx, { sort: 'newest' }, words)));
    rows.push({ size, name: isLong ? `${name} (long texts)` : name, times });
    console.error(size, name, times.map((time) => time.toFixed(1)).join(' '));
  }
  await db.close();
  return rows;
}

/** Milliseconds of one after another, on one connection, once PostgreSQL keeps the plan. */
async function median(pid, work) {
  const times = [];
  for (let time = -6; time < TIMES; time += 1) {
    const start = processorTime(pid);
    await work();
    if (time >= 0) times.push(processorTime(pid) - start);
  }
  times.sort((one, other) => one - other);
  return (times[TIMES / 2 - 1] + times[TIMES / 2]) / 2;
}

function processorTime(pid) {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

function print(rows) {
  const figures = (list) => `| ${list.join(' | ')} |`;
  console.log(figures(['campaigns', 'asked for', ...COLUMNS]));
  console.log(figures(['---:', '---', ...COLUMNS.map(() => '---:')]));
  for (const { size, name, times } of rows) {
    console.log(
      figures([size.toLocaleString('en'), name, ...times.map((time) => time.toFixed(1))]),
    );
  }
}

/** The URL of a database of this size, made if it isn't there yet. */
async function filled(size, isLong) {
  const name = `dreamjar_search_${size}${isLong ? '_long' : ''}`;
  const url = Object.assign(new URL(database.url), { pathname: `/${name}` }).href;
  const admin = await connected(database.url);
  const found = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (found.rowCount === 0) {
    console.error(`making ${name}`);
    const draft = url.replace(name, `${name}_draft`);
    await admin.query(`DROP DATABASE IF EXISTS ${name}_draft`);
    await admin.query(`CREATE DATABASE ${name}_draft`);
    await migrate(draft);
    await fill(draft, size, isLong);
    await admin.query(`ALTER DATABASE ${name}_draft RENAME TO ${name}`);
  }
  await admin.end();
  return url;
}

async function fill(url, size, isLong) {
  const client = await connected(url);
  const index = await client.query(
    `SELECT indexdef FROM pg_indexes WHERE indexname = 'campaign_search_grams'`,
  );
  // Made again at the end, which is faster; and the totals are given, not counted.
  await client.query('DROP INDEX campaign_search_grams');
  await client.query('ALTER TABLE campaigns DISABLE TRIGGER campaigns_begin_empty');
  await client.query(
    `INSERT INTO parents (username, email, google_sub) VALUES ('measured', 'measured@example.com', 'measured')`,
  );
  await client.query(
    `INSERT INTO children (parent_id, name, public_name, date_of_birth)
     SELECT id, 'Kim', 'Kim', current_date - 3000 FROM parents`,
  );
  for (let from = 0; from < size; from += BATCH) {
    const campaigns = Array.from({ length: Math.min(BATCH, size - from) }, (_, at) =>
      campaignOf(from + at, isLong && from + at >= size * 0.9),
    );
    await client.query(
      `INSERT INTO campaigns (child_id, title, description, category, goal, deadline, total_raised, net_raised)
       SELECT (SELECT max(id) FROM children), title, description, category, goal, deadline, total, total * 100
         FROM json_to_recordset($1) AS (title text, description text, category text, goal int, deadline timestamptz, total int)`,
      [JSON.stringify(campaigns)],
    );
  }
  // As the job does it: long texts are left to it.
  await client.query('SELECT write_search_text(campaign_id) FROM campaigns_to_index');
  await client.query('ALTER TABLE campaigns ENABLE TRIGGER campaigns_begin_empty');
  await client.query('DELETE FROM outbox');
  await client.query(`SET maintenance_work_mem = '512MB'`);
  await client.query(index.rows[0].indexdef);
  await client.query('VACUUM ANALYZE');
  await client.end();
}

function campaignOf(number, isLong) {
  const random = randomOf(number + 1);
  const sentence = (count) => Array.from({ length: count }, () => wordOf(zipf(random()))).join(' ');
  const rare = number % RARE === 7 ? ' zither' : '';
  return {
    title: `${sentence(4)} dream`,
    description: isLong ? `${'a'.repeat(LONG)} aab baa` : sentence(60) + rare,
    category: ['sports', 'education', 'hobbies', 'health', 'dreams'][number % 5],
    goal: 1_000 + Math.floor(random() * 9_000),
    deadline: [null, '2020-01-01', '2099-01-01'][number % 3],
    total: Math.floor(random() * 10_000),
  };
}

/** The nth word of 2,000: two or three syllables. */
function wordOf(rank) {
  const digits = [rank % 20, Math.floor(rank / 20) % 20, 19 - Math.floor(rank / 400)];
  return digits.map((digit) => SYLLABLES[digit]).join('');
}

/** A rank up to 2,000, the nth about 1 / n as likely as the first. */
function zipf(chance) {
  return Math.min(1_999, Math.floor(2_000 ** chance) - 1);
}

/** Numbers from 0 to 1, the same for the same seed. */
function randomOf(seed) {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

async function connected(url) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
