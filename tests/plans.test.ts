import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Statement } from '../src/database/statement.js';
import { useApi } from './support/api.js';
import {
  addChild,
  openCampaign,
  registerParent,
  type TestCampaign,
  type TestChild,
  type TestParent,
} from './support/factories.js';

const api = useApi();

/** The same, with a connection that all requests share, and one that all searches do. */
const single = useApi({
  poolSize: 1,
  search: { atOnce: 1 },
  on: () => api.database,
});

const SIZE = { campaigns: 2_000, donations: 20_000, parents: 200 };

/** A node of a plan, as EXPLAIN tells it. */
interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Plan Rows': number;
  Plans?: Plan[];
}

interface Sent {
  statement: Statement;
  values: unknown[];
  isSearch: boolean;
}

let client: pg.Client;
let owner: TestParent;
let child: TestChild;
let campaign: TestCampaign;
let donor: TestParent;

beforeAll(async () => {
  client = new pg.Client({ connectionString: api.database.url });
  await client.connect();
  owner = await registerParent(api);
  child = await addChild(api, owner);
  donor = await registerParent(api);
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [donor.id]);
  await fill();
  campaign = await openCampaign(api, owner, child);
  await api.database.sql(
    `INSERT INTO donations (campaign_id, donor_id, amount, donor_name)
     SELECT $1, $2, 5, 'Dora' FROM generate_series(1, 30)`,
    [campaign.id, donor.id],
  );
  await client.query('ANALYZE');
});
afterAll(() => client.end());

/** Families, campaigns and gifts of all kinds, in the proportions of a year. */
async function fill(): Promise<void> {
  await api.database.sql(
    `INSERT INTO parents (username, email, password_hash)
     SELECT 'filler ' || n, 'filler-' || n || '@example.org', (SELECT password_hash FROM parents LIMIT 1)
       FROM generate_series(1, $1::int) n`,
    [SIZE.parents],
  );
  await api.database.sql(`INSERT INTO children (parent_id, name, public_name, date_of_birth)
             SELECT id, 'Kim', 'Kim', '2020-01-01' FROM parents WHERE username LIKE 'filler%'`);
  await api.database.sql(
    `INSERT INTO campaigns (child_id, title, description, goal, category, is_open, deadline)
     SELECT (SELECT min(id) FROM children WHERE name = 'Kim') + n % $2::int, 'Boots ' || n, 'A story', 100 + n % 900,
            (ARRAY['sports', 'education', 'hobbies', 'health', 'dreams'])[1 + n % 5], n % 10 <> 0,
            CASE n % 3 WHEN 0 THEN NULL ELSE now() + (n - $1::int / 2) * interval '1 hour' END
       FROM generate_series(1, $1::int) n`,
    [SIZE.campaigns, SIZE.parents],
  );
  await api.database.sql(
    `INSERT INTO donations (campaign_id, donor_id, amount, donor_name, donor_email, status)
     SELECT (SELECT min(id) FROM campaigns) + n * 7919 % $2::int,
            CASE n % 2 WHEN 0 THEN (SELECT min(id) FROM parents WHERE username LIKE 'filler%') + n / 2 % $3::int END,
            1 + n % 90, 'Kim', CASE n % 2 WHEN 1 THEN 'guest-' || n % 3000 || '@example.org' END,
            CASE n % 20 WHEN 0 THEN 'pending' ELSE 'completed' END
       FROM generate_series(1, $1::int) n`,
    [SIZE.donations, SIZE.campaigns, SIZE.parents],
  );
}

/** The hand-written statements that a request sends to the database. */
async function sentBy(path: string, parent?: TestParent): Promise<Sent[]> {
  const { query, search } = api.db;
  const sent: Sent[] = [];
  api.db.query = (statement, values) => {
    sent.push({ statement, values, isSearch: false });
    return query(statement, values);
  };
  api.db.search = (statement, values, lane) => {
    sent.push({ statement, values, isSearch: true });
    return search(statement, values, lane);
  };
  try {
    await api.get(path, parent?.access).expect(200);
  } finally {
    Object.assign(api.db, { query, search });
  }
  return sent;
}

/** The plan for these values, and the one that PostgreSQL may keep for any. */
async function plansOf({ statement, values, isSearch }: Sent): Promise<Plan[]> {
  // As the sessions of searches have it.
  const others = isSearch ? 'off' : 'on';
  await client.query(`SET enable_sort = ${others}; SET enable_seqscan = ${others}`);
  const custom = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (FORMAT JSON) ${statement.text}`,
    values,
  );
  // Without values, and so by the simple protocol: EXPLAIN alone may have parameters there.
  const generic = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${statement.text}`,
  );
  return [custom, generic].map(({ rows }) => rows[0]!['QUERY PLAN'][0].Plan);
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

async function nodesOfRead(path: string, parent?: TestParent): Promise<Plan[]> {
  const sent = await sentBy(path, parent);
  expect(sent.length, path).toBeGreaterThan(0);
  const nodes: Plan[] = [];
  for (const one of sent) nodes.push(...(await plansOf(one)).flatMap(nodesOf));
  return nodes;
}

/** Where a plan goes through a whole table: row by row, or by an index that knows ids alone. */
const whole = (nodes: Plan[], table: string) =>
  nodes.filter(
    (node) =>
      node['Relation Name'] === table &&
      (node['Node Type'] === 'Seq Scan' || node['Index Name'] === `${table}_pkey`),
  );

/** The indexes of each order. Of those that never end, which come last, the newest come first. */
const SORTS = {
  newest: ['campaigns_open_newest'],
  most_funded: ['campaigns_open_most_funded'],
  closest_to_goal: ['campaigns_open_closest_to_goal'],
  ending_soon: ['campaigns_open_ending_soon', 'campaigns_open_newest'],
};
const sorts = Object.keys(SORTS) as (keyof typeof SORTS)[];

const reads: Record<string, [() => string, (() => TestParent)?]> = {
  ...Object.fromEntries(
    sorts.flatMap((sort) => [
      [`browse ${sort}`, [() => `/campaigns/?sort=${sort}`]],
      [`browse ${sort} in a category`, [() => `/campaigns/?sort=${sort}&category=health`]],
      [`browse ${sort} by words`, [() => `/campaigns/?sort=${sort}&q=boots+kim`]],
    ]),
  ),
  'a campaign, to a visitor': [() => `/campaigns/${campaign.id}/`],
  'a campaign, to its owner': [() => `/campaigns/${campaign.id}/`, () => owner],
  'a campaign, to another parent': [() => `/campaigns/${campaign.id}/`, () => donor],
  'its gifts, to a visitor': [() => `/campaigns/${campaign.id}/donations/`],
  'its gifts, to its owner': [() => `/campaigns/${campaign.id}/donations/`, () => owner],
  'its gifts, to another parent': [() => `/campaigns/${campaign.id}/donations/`, () => donor],
  'its gifts as CSV': [() => `/campaigns/${campaign.id}/donations.csv`, () => owner],
  'its statistics': [() => `/campaigns/${campaign.id}/statistics/`, () => owner],
  "a child's statistics": [() => `/children/${child.id}/statistics/`, () => owner],
  "a child's campaigns": [() => `/children/${child.id}/campaigns/`, () => owner],
  'the dashboard': [() => '/parents/me/', () => owner],
  'my children': [() => '/parents/me/children/', () => owner],
  'my gifts': [() => '/donations/', () => donor],
  'gifts that I may claim': [() => '/donations/claimable/', () => donor],
};

describe('no hot read goes through all gifts', () => {
  test.each(Object.entries(reads))('%s', async (_name, [path, as]) => {
    expect(whole(await nodesOfRead(path(), as?.()), 'donations')).toEqual([]);
  });

  test('which would be seen, if one did', async () => {
    const [sent] = await sentBy(`/campaigns/${campaign.id}/donations/`);
    await client.query('BEGIN');
    try {
      await client.query(`DROP INDEX donations_counted, donations_campaign_id_id_idx,
                    donations_campaign_id_date_donated_id_idx`);
      for (const plan of await plansOf(sent!)) {
        expect(whole(nodesOf(plan), 'donations')).not.toEqual([]);
      }
    } finally {
      await client.query('ROLLBACK');
    }
  });
});

describe('lists of gifts read their order from an index, from the place on', () => {
  const LISTS: [string, string, () => string, (() => TestParent)?][] = [
    ['of a campaign', 'donations_counted', () => `/campaigns/${campaign.id}/donations/`],
    ['my own', 'donations_donor_id_date_donated_id_idx', () => '/donations/', () => donor],
  ];

  test.each(LISTS)('%s', async (_name, index, path, as) => {
    // The one before it, for a parent, is who asks.
    const sent = (await sentBy(`${path()}?page_size=1`, as?.())).at(-1);
    const [custom] = await plansOf(sent!);
    const nodes = nodesOf(custom!).filter((node) => node['Relation Name'] === 'donations');
    expect(nodes.map((node) => node['Index Name'])).toEqual([index]);
    expect(JSON.stringify(custom)).toContain('ROW(date_donated, id)');
  });
});

describe('PostgreSQL keeps a plan, for to plan a read takes longer than to read', () => {
  test.each(Object.entries(reads))('%s', async (_name, [path, as]) => {
    const ask = () => single.get(path(), as?.().access).expect(200);
    // From the sixth time on, unless PostgreSQL takes planning anew to be cheaper.
    for (let time = 1; time <= 6; time += 1) await ask();
    const before = await plannings();
    await ask();
    const after = await plannings();
    const moved = [...after].filter(([name, { kept }]) => kept !== before.get(name)?.kept);
    expect(moved.length).toBe((await sentBy(path(), as?.())).length);
    for (const [name, { anew }] of after) expect(anew).toBe(before.get(name)?.anew);
  });

  /** How often each prepared statement was run by the plan that is kept, and how often planned anew. */
  async function plannings(): Promise<Map<string, { kept: number; anew: number }>> {
    const text =
      'SELECT name, generic_plans::int AS kept, custom_plans::int AS anew FROM pg_prepared_statements';
    type Row = { name: string; kept: number; anew: number };
    const both = [single.db.query<Row>({ text }, []), single.db.search<Row>({ text }, [], '')];
    const rows = (await Promise.all(both)).flat();
    return new Map(rows.map(({ name, ...times }) => [name, times]));
  }
});

describe('a search follows an index of its order, or takes candidates from the index of grams', () => {
  test.each(sorts)('%s', async (sort) => {
    const nodes = await nodesOfRead(`/campaigns/?sort=${sort}&q=boots+kim`);
    const scanned = nodes
      .filter((node) => node['Node Type'] === 'Seq Scan')
      .map((node) => node['Relation Name']);
    expect(scanned).toEqual([]);
    const indexes = new Set(nodes.map((node) => node['Index Name']));
    for (const index of [...SORTS[sort], 'campaign_search_grams']) expect(indexes).toContain(index);
  });
});

describe('browsing reads its order from an index, from the place on', () => {
  test.each(sorts)('%s', async (sort) => {
    const first = `/campaigns/?sort=${sort}&page_size=20`;
    const { headers } = await api.get(first).expect(200);
    const second = /<http:\/\/[^/]+(.*)>; rel="next"/.exec(headers['link']!)![1]!;
    for (const path of [first, second]) {
      const nodes = await nodesOfRead(path);
      expect(whole(nodes, 'campaigns'), path).toEqual([]);
      const used = nodes.filter((node) => node['Relation Name'] === 'campaigns');
      expect(new Set(used.map((node) => node['Index Name'])), path).toEqual(new Set(SORTS[sort]));
    }
    const [custom] = await plansOf((await sentBy(first)).at(-1)!);
    const sorted = nodesOf(custom!).filter((node) => node['Node Type'].endsWith('Sort'));
    // Only the page itself, and for what ends soon the page of each of three runs.
    for (const node of sorted) expect(node['Plan Rows']).toBeLessThanOrEqual(3 * 21);
  });
});
