import pg from 'pg';
import { registerFamily } from './family.mjs';
import { deepPage, popularCampaigns, readsOf } from './reads.mjs';
import { medians, ratioOf, takeTurns, WARM_UP } from './rounds.mjs';
import { startServer } from './server.mjs';

/** Gifts to one campaign beside the seeder's, and pages of a hundred that stand before the one that is read. */
const GIFTS = 100_000;
const PAGES = 500;

/** How many times as slow the largest may be as the smallest. */
const GOAL = 1.5;

/** The reads that are to cost the same at every size. */
const GROUPS = ['browse', 'search', 'detail', 'donations', 'deep'];

/** A cautious guess of what the seeder stores in a second, and how many reads of how many seconds follow. */
const STORED_A_SECOND = 10_000;
const READS = 32;

const ADD_GIFTS = `
  INSERT INTO donations (campaign_id, amount, comment, donor_name, donor_email)
  SELECT $1, 1 + n % 100, 'From the bench', 'A friend', 'bench@example.com' FROM generate_series(1, $2::int) n`;

/** Measures the same reads at several sizes of the platform, in turn. */
export async function measureGrowth(bench) {
  const { sizes, leftOut } = await withinBudget(bench);
  if (sizes.length < 2) throw new Error('Only one size fits the budget: raise --budget.');
  const places = [];
  for (const size of sizes) places.push(await prepare(bench, size));
  const targets = [];
  for (const [index, { group, name, by }] of places[0].reads.entries()) {
    if (bench.options.only && !bench.options.only.includes(group)) continue;
    console.error(`${name}, ${by}`);
    const sides = places.map(({ server: { address }, reads }) => ({
      address,
      requests: reads[index].requests,
    }));
    const rounds = await takeTurns(bench.fire, sides, bench.options);
    places.forEach(({ server }) => server.emptyLog());
    const ratio = ratioOf(rounds[0], rounds.at(-1));
    const figures = { sizes: rounds.map(medians), ratio, rounds };
    targets.push({ name, by, goal: GOAL, met: ratio <= GOAL, ...figures });
  }
  return { sizes, leftOut, targets, costs: [] };
}

/** The sizes that fit, the smallest first, by what loading and measuring them will take. */
async function withinBudget({ options, postgres }) {
  const { rounds, seconds, budget } = options;
  let left = budget * 60;
  const sizes = [];
  for (const size of options.sizes) {
    const loading = (await postgres.isLoaded(size)) ? 0 : size.donations;
    left -= (loading + GIFTS) / STORED_A_SECOND + READS * (WARM_UP + rounds * seconds);
    if (left < 0) break;
    sizes.push(size);
  }
  return { sizes, leftOut: options.sizes.slice(sizes.length) };
}

/** A server on a database of this size, with a campaign that got very many gifts. */
async function prepare(bench, size) {
  const databaseUrl = await bench.postgres.copy(size);
  const server = await startServer(bench, databaseUrl);
  const [popular] = await popularCampaigns(server.address, 1);
  await addGifts(databaseUrl, popular);
  const path = await deepPage(server.address, popular, PAGES);
  const deep = { group: 'deep', name: 'its gifts, 50,000 deep', requests: [{ path }] };
  const reads = [...(await readsOf(server.address)), deep];
  const chosen = reads.filter(({ group }) => GROUPS.includes(group));
  return { server, reads: await twice(chosen, server.address) };
}

/**
 * Each read by a visitor, whom the server answers from memory once it is warm, and by a parent who owns none of
 * the campaigns, for whom it asks the database each time.
 */
async function twice(reads, address) {
  const headers = { Authorization: `Bearer ${await registerFamily(address)}` };
  return reads.flatMap((read) => [
    { ...read, by: 'visitor' },
    { ...read, by: 'parent', requests: read.requests.map((one) => ({ ...one, headers })) },
  ]);
}

async function addGifts(databaseUrl, campaign) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(ADD_GIFTS, [campaign, GIFTS]);
  await client.query('VACUUM (ANALYZE) campaigns, donations');
  await client.query('CHECKPOINT').catch(() => undefined);
  await client.end();
}
