import type { World } from '../world.js';

/** The longest description: 10,000 characters of four bytes. */
const LARGEST = "repeat('🎻', 10000)";

/** Holds a third of all pairs of hexadecimal digits, others in each. */
const SEARCHED =
  "'A telescope, ' || n || (SELECT string_agg(md5((n * 3 + part)::text), ' ') FROM generate_series(1, 3) part)";

const openCampaigns = (description: string) => `
  WITH child AS (
    INSERT INTO children (parent_id, name, public_name, date_of_birth)
    SELECT $1, 'Mia', 'Mia', '2015-01-01' FROM generate_series(1, $2::int) RETURNING id
  )
  INSERT INTO campaigns (child_id, title, description, goal, category, is_open)
  SELECT id, 'A violin', ${description}, 400, 'hobbies', n <= $4::int
    FROM child, generate_series(1, $3::int) n RETURNING id, child_id AS child`;

const GIVE = `
  INSERT INTO donations (campaign_id, amount, comment, donor_name, donor_email)
  SELECT $1, 1 + n % 100, repeat('x', 100), 'A friend', 'chaos@example.org'
    FROM generate_series(1, $2::int) n`;

/** How many of everything there are. */
export interface Amounts {
  children: number;
  /** Of each child, and how many of them are open. */
  campaigns: number;
  open: number;
}

/** Opens campaigns of an account with descriptions of 40 kB; no search finds them. Gives the ids of all. */
export async function fillWithLargest(
  world: World,
  parentId: number,
  { children, campaigns, open }: Amounts,
): Promise<{ children: number[]; campaigns: number[] }> {
  const client = await world.connect();
  try {
    // Without the triggers, which would index 120 MB of text.
    await client.query('SET session_replication_role = replica');
    const values = [parentId, children, campaigns, open];
    const { rows } = await client.query<{ id: number; child: number }>(
      openCampaigns(LARGEST),
      values,
    );
    return {
      children: [...new Set(rows.map(({ child }) => child))],
      campaigns: rows.map(({ id }) => id),
    };
  } finally {
    await client.end();
  }
}

/** Opens so many campaigns to be searched through. */
export async function addSearched(world: World, parentId: number, count: number): Promise<void> {
  await world.sql(openCampaigns(SEARCHED), [parentId, 1, count, count]);
  await world.sql('ANALYZE campaigns, campaign_search');
}

/** Gives a campaign so many gifts. */
export async function addGifts(world: World, campaign: number, count: number): Promise<void> {
  await world.sql(GIVE, [campaign, count]);
}
