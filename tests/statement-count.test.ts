import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { CountingProxy } from './support/counting-proxy.js';
import { addChild, openJar, registerParent, type TestParent } from './support/factories.js';

const proxy = new CountingProxy();
afterAll(() => proxy.close());
const api = useApi({ through: (databaseUrl) => proxy.before(databaseUrl) });

let owner: TestParent;
let child: { id: number };
let campaign: { id: number };
let visitor: TestParent;

beforeAll(async () => {
  ({ parent: owner, child, campaign } = await openJar(api, { title: 'Violin 0' }));
  visitor = await registerParent(api);
});

/** Grows the owner's family, the first child's campaigns and the first one's gifts to `rows` of each. */
async function growTo(rows: number): Promise<void> {
  const { database } = api;
  const [kids] = await database.sql<{ count: number }>(
    'SELECT count(*)::int AS count FROM children',
  );
  for (let count = kids!.count; count < rows; count += 1) await addChild(api, owner);
  await database.sql(
    `INSERT INTO campaigns (child_id, title, description, goal, category, deadline)
     SELECT $1, 'Violin ' || n, 'A story', 400, 'hobbies', now() + n * interval '1 day'
       FROM generate_series((SELECT count(*) FROM campaigns) + 1, $2) n`,
    [child.id, rows],
  );
  await database.sql(
    `INSERT INTO donations (campaign_id, donor_id, amount, donor_name)
     SELECT $1, $2, n, 'D' FROM generate_series((SELECT count(*) FROM donations) + 1, $3) n`,
    [campaign.id, visitor.id, rows],
  );
}

interface Read {
  path: () => string;
  /** Whose token is sent; finding out whose it is costs one statement. */
  as?: () => TestParent;
  statements: number;
  /** What of the answer grows with the rows: all of it, unless told. */
  rows?: (body: never) => unknown[] | null;
}

const reads: [string, Read][] = [
  ...['newest', 'most_funded', 'closest_to_goal', 'ending_soon'].flatMap(
    (sort): [string, Read][] => [
      [`browse ${sort}`, { path: () => `/campaigns/?sort=${sort}`, statements: 1 }],
      [
        `browse ${sort}, by category and words`,
        { path: () => `/campaigns/?sort=${sort}&category=hobbies&q=violin+mia`, statements: 1 },
      ],
    ],
  ),
  ['browse, signed in', { path: () => '/campaigns/', as: () => visitor, statements: 2 }],
  [
    'a campaign, to the public',
    { path: () => `/campaigns/${campaign.id}/`, statements: 1, rows: () => null },
  ],
  [
    'a campaign, to another parent',
    {
      path: () => `/campaigns/${campaign.id}/`,
      as: () => visitor,
      statements: 2,
      rows: () => null,
    },
  ],
  [
    'a campaign, to its owner',
    {
      path: () => `/campaigns/${campaign.id}/`,
      as: () => owner,
      statements: 2,
      rows: ({ donations }: { donations: unknown[] }) => donations,
    },
  ],
  [
    'gifts of a campaign, to the public',
    { path: () => `/campaigns/${campaign.id}/donations/`, statements: 1 },
  ],
  [
    'gifts of a campaign, to its owner',
    { path: () => `/campaigns/${campaign.id}/donations/`, as: () => owner, statements: 2 },
  ],
  ['what one gave', { path: () => '/donations/', as: () => visitor, statements: 2 }],
  [
    'the dashboard',
    {
      path: () => '/parents/me/',
      as: () => owner,
      statements: 2,
      rows: ({ children }: { children: unknown[] }) => children,
    },
  ],
  [
    'the dashboard, by id',
    {
      path: () => `/parents/${owner.id}/`,
      as: () => owner,
      statements: 2,
      rows: ({ children }: { children: { campaigns: unknown[] }[] }) => children.at(-1)!.campaigns,
    },
  ],
  ['my children', { path: () => '/parents/me/children/', as: () => owner, statements: 2 }],
];

describe.each([3, 60])('with %d rows', (rows) => {
  beforeAll(async () => {
    await growTo(rows);
    // Searches have connections of their own, whose sessions are set when they are opened.
    await api.get('/campaigns/?q=boots').expect(200);
  });

  test.each(reads)(
    '%s',
    async (_name, { path, as, statements, rows: rowsIn = (body: unknown[]) => body }) => {
      const answers: { body: unknown }[] = [];
      const read = async () => answers.push(await api.get(path(), as?.().access).expect(200));
      expect(await proxy.during(read)).toBe(statements);
      const shown = rowsIn(answers[0]!.body as never);
      if (shown) expect(shown.length).toBe(rows);
    },
  );
});

test('the proxy counts what PostgreSQL runs', async () => {
  expect(await proxy.during(() => api.db.prisma.$queryRaw`SELECT 1`)).toBe(1);
  expect(await proxy.during(() => api.db.query({ text: 'SELECT 1' }, []))).toBe(1);
  const twice = async () => {
    await api.db.query({ name: 'twice', text: 'SELECT $1::text' }, ['x'.repeat(100_000)]);
    await api.db.query({ name: 'twice', text: 'SELECT $1::text' }, ['E'.repeat(100_000)]);
  };
  expect(await proxy.during(twice)).toBe(2);
  const transaction = () => api.db.transaction((tx) => tx.parent.count());
  expect(await proxy.during(transaction)).toBe(3);
});
