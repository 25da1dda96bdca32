// Measures signing in against a running server and prints Markdown tables:
// whether known and unknown accounts can be told apart by time, and what public reads feel of a flood.
// Start the server on loopback with RATE_LIMIT=off and BCRYPT_COST=12 (the default), on a seeded database.
// Usage: node tools/bench/measure-sign-in.mjs http://127.0.0.1:3000
import { setTimeout as wait } from 'node:timers/promises';

const [base = 'http://127.0.0.1:3000'] = process.argv.slice(2);
const PAIRS = 100;
const ROUNDS = 5;
const ROUND_MS = 5_000;
const LOGINS_A_SECOND = 50;
const READ = '/campaigns/?page_size=20';

const name = `measured-${process.pid}-${process.hrtime()[0]}`;
const known = { email: `${name}@example.com`, password: 'correct horse battery' };
await expectStatus(await post('/parents/', { username: name, ...known }), 201);

await compareAccounts();
await floodLogins();

/** Wrong passwords for a known and an unknown account in turn. */
async function compareAccounts() {
  const times = { known: [], unknown: [] };
  for (let i = -5; i < PAIRS; i += 1) {
    const emails = { known: known.email, unknown: `nobody-${i}-${known.email}` };
    const order = i % 2 ? ['known', 'unknown'] : ['unknown', 'known'];
    for (const kind of order) {
      const took = await timed(async () => {
        await expectStatus(await logIn(emails[kind]), 401);
      });
      if (i >= 0) times[kind].push(took);
    }
  }
  const medians = { known: median(times.known), unknown: median(times.unknown) };
  console.log(`| account | median of ${PAIRS}, ms |\n|---|---:|`);
  for (const [kind, ms] of Object.entries(medians)) console.log(`| ${kind} | ${ms.toFixed(1)} |`);
  console.log(`\nknown / unknown: ${(medians.known / medians.unknown).toFixed(3)}\n`);
}

/** One reader after another answer, with and without a flood of logins, in turn. */
async function floodLogins() {
  const ratios = [];
  const refused = [];
  const outcomes = {};
  console.log(`| round | p50 idle, ms | p50 under ${LOGINS_A_SECOND} logins/s, ms | ratio |`);
  console.log('|---:|---:|---:|---:|');
  await reads(1_000);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const idle = median(await reads(ROUND_MS));
    const flooding = flood(ROUND_MS + 500);
    await wait(500);
    const loaded = median(await reads(ROUND_MS));
    for (const { status, ms } of await flooding) {
      outcomes[status] = (outcomes[status] ?? 0) + 1;
      if (status === 429 || status === 503) refused.push(ms);
    }
    ratios.push(loaded / idle);
    const row = [round, idle.toFixed(2), loaded.toFixed(2), (loaded / idle).toFixed(2)];
    console.log(`| ${row.join(' | ')} |`);
    await wait(1_000);
  }
  refused.sort((a, b) => a - b);
  const at = (share) => refused[Math.floor((refused.length - 1) * share)]?.toFixed(0);
  console.log(`\nmedian ratio: ${median(ratios).toFixed(2)}; answers: ${JSON.stringify(outcomes)}`);
  console.log(`refused after, ms: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`);
}

/** Milliseconds of each read, one at a time, for so long. */
async function reads(duration) {
  const times = [];
  const end = performance.now() + duration;
  while (performance.now() < end) {
    times.push(
      await timed(async () => {
        const response = await fetch(base + READ);
        await response.arrayBuffer();
        if (!response.ok) throw new Error(`a read was answered ${response.status}`);
      }),
    );
  }
  return times;
}

/** So many logins a second, whether or not those before were answered. */
async function flood(duration) {
  const answers = [];
  const began = performance.now();
  for (let sent = 0; performance.now() - began < duration; sent += 1) {
    const email = sent % 2 ? known.email : `nobody-${sent}-${known.email}`;
    const start = performance.now();
    answers.push(
      logIn(email).then(async (response) => {
        await response.arrayBuffer();
        return { status: response.status, ms: performance.now() - start };
      }),
    );
    const next = began + ((sent + 1) * 1000) / LOGINS_A_SECOND;
    await wait(Math.max(0, next - performance.now()));
  }
  return Promise.all(answers);
}

function logIn(email) {
  return post('/api/token/', { email, password: 'not the password' });
}

function post(path, body) {
  const headers = { 'Content-Type': 'application/json' };
  return fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function expectStatus(response, status) {
  const text = await response.text();
  if (response.status !== status)
    throw new Error(`${response.status} instead of ${status}: ${text}`);
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
}
