import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readArguments } from '../tools/demo-data/arguments.js';
import { GIFT_SIZES } from '../tools/demo-data/amounts.js';
import { ideasOf } from '../tools/demo-data/ideas.js';
import { seedDatabase, type SeedRequest, type Seeded } from '../tools/demo-data/seed-database.js';
import { titlesOf } from '../tools/demo-data/stories.js';
import { makeWorld } from '../tools/demo-data/world.js';
import { StartError } from '../src/core/errors.js';
import { defaultPublicName } from '../src/features/families/children/public-name.js';
import { ageOn } from '../src/features/families/children/age.js';
import { CATEGORIES } from '../src/features/fundraising/campaigns/campaigns.schemas.js';
import { useApi } from './support/api.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

const NOW = new Date();
const SIZE = { parents: 30, campaigns: 120, donations: 12_000 };
const REQUEST: SeedRequest = { seed: 1, size: SIZE, now: NOW, bcryptCost: 4, production: false };

/** Everything that a run writes, in the order of ids, but the hash: its salt is new each time. */
async function dump(database: TestDatabase): Promise<unknown> {
  const sql = (text: string) => database.sql(text);
  return {
    parents: await sql(
      'SELECT id, username, email, first_name, last_name, is_active, is_staff, date_joined FROM parents ORDER BY id',
    ),
    children: await sql('SELECT * FROM children ORDER BY id'),
    campaigns: await sql('SELECT * FROM campaigns ORDER BY id'),
    search: await sql('SELECT * FROM campaign_search ORDER BY campaign_id'),
    donations: await sql('SELECT * FROM donations ORDER BY id'),
  };
}

describe('a run', () => {
  const api = useApi();
  let seeded: Seeded;

  beforeAll(async () => {
    seeded = await seedDatabase(api.database.url, REQUEST);
  });

  /** How many rows there are, of the tables and conditions in `from`. */
  const count = async (from: string) => {
    const [row] = await api.database.sql<{ count: number }>(`SELECT count(*)::int FROM ${from}`);
    return row!.count;
  };

  it('makes as much as was asked', async () => {
    expect(await count('parents')).toBe(SIZE.parents);
    expect(await count('children')).toBe(seeded.children);
    expect(await count('campaigns')).toBe(SIZE.campaigns);
    expect(await count('donations')).toBe(SIZE.donations);
    expect(await count('campaign_search')).toBe(SIZE.campaigns);
  });

  it('prints a login that works, of a parent who has a dashboard', async () => {
    const { email, password } = seeded;
    const { body } = await api.post('/api/token/', { email, password }).expect(200);
    const { body: parent } = await api.get('/parents/me/', body.access).expect(200);
    const campaigns = parent.children.flatMap(
      ({ campaigns }: { campaigns: object[] }) => campaigns,
    );
    expect(campaigns.length).toBeGreaterThanOrEqual(3);
    const { body: gifts } = await api.get('/donations/', body.access).expect(200);
    expect(gifts.length).toBeGreaterThan(0);
  });

  it('gives answers that fit the contract to everybody', async () => {
    const { body } = await api.get('/campaigns/?page_size=100').expect(200);
    expect(body.length).toBeGreaterThan(50);
    for (const { id } of body.slice(0, 10)) {
      await api.get(`/campaigns/${id}/`).expect(200);
      await api.get(`/campaigns/${id}/donations/`).expect(200);
    }
  });

  it('uses addresses of nobody', async () => {
    const addresses = `(SELECT email FROM parents UNION ALL SELECT donor_email FROM donations)`;
    expect(
      await count(`${addresses} WHERE email !~ '^[a-z0-9._-]+@example\\.(com|org|net)$'`),
    ).toBe(0);
  });

  it('leaves some names out, as people do', async () => {
    for (const field of ['first_name', 'last_name']) {
      const empty = await count(`parents WHERE ${field} = ''`);
      expect(empty).toBeGreaterThan(0);
      expect(empty).toBeLessThan(SIZE.parents / 2);
    }
  });

  it('gives each parent one to four children, all under 16 today', async () => {
    const children = await api.database.sql<{ name: string; public_name: string; born: string }>(
      'SELECT name, public_name, date_of_birth::text AS born FROM children',
    );
    for (const child of children) {
      expect(ageOn(NOW, child.born)).toBeGreaterThanOrEqual(0);
      expect(ageOn(NOW, child.born)).toBeLessThan(16);
      expect(child.public_name).toBe(defaultPublicName(child.name));
    }
    const families = `(SELECT count(c.id) AS size FROM parents p LEFT JOIN children c ON c.parent_id = p.id GROUP BY p.id)`;
    expect(await count(`${families} WHERE size NOT BETWEEN 1 AND 4`)).toBe(0);
    expect(await count(`children WHERE name ~ '[^ -~]'`)).toBeGreaterThan(0);
    expect(await count(`children WHERE name ~ ' .* '`)).toBeGreaterThan(0);
    expect(await count('children WHERE gender IS NULL')).toBeGreaterThan(0);
    expect(await count('children WHERE profile_picture IS NOT NULL')).toBeGreaterThan(0);
  });

  it('gives each campaign a title, a goal and an age of its category', async () => {
    const campaigns = await api.database.sql<CampaignLook>(
      `SELECT title, description, goal, category, name, public_name,
              extract(year FROM age(date_created, date_of_birth))::int AS age
         FROM campaigns c JOIN children k ON k.id = c.child_id`,
    );
    for (const { title, goal, category, public_name: name, age, ...campaign } of campaigns) {
      const idea = ideasOf(category).find((one) => titlesOf(one, name).includes(title));
      expect(idea, `${category}: ${title}`).toBeDefined();
      expect(goal).toBeGreaterThanOrEqual(idea!.goal[0]);
      expect(goal).toBeLessThanOrEqual(idea!.goal[1]);
      expect(age).toBeGreaterThanOrEqual(idea!.ages[0] - 1);
      expect(age).toBeLessThanOrEqual(idea!.ages[1] + 1);
      expect(campaign.description).toContain(idea!.why.replaceAll('{name}', name));
      expect(title + campaign.description).not.toMatch(/[{}]/);
    }
    expect(new Set(campaigns.map(({ category }) => category))).toEqual(new Set(CATEGORIES));
    expect(new Set(campaigns.map(({ title }) => title)).size).toBe(campaigns.length);
    expect(new Set(campaigns.map(({ description }) => description)).size).toBe(campaigns.length);
  });

  it('has campaigns of every kind: closed, expired, overfunded, without gifts', async () => {
    for (const kind of [
      'NOT is_open',
      'deadline < now()',
      'deadline > now()',
      'deadline IS NULL',
      'total_raised > goal',
      'total_raised BETWEEN 1 AND goal',
      'donation_count = 0',
      'image IS NULL',
      "image LIKE 'https://%'",
    ]) {
      expect(await count(`campaigns WHERE ${kind}`), kind).toBeGreaterThan(2);
    }
    const [share] = await api.database.sql<{ share: number }>(
      `SELECT sum(donation_count) FILTER (WHERE rank <= 24)::float8 / sum(donation_count) AS share
         FROM (SELECT donation_count, row_number() OVER (ORDER BY donation_count DESC) AS rank FROM campaigns)`,
    );
    expect(share!.share).toBeGreaterThan(0.6);
  });

  it('keeps totals that equal the sums', async () => {
    const wrong = `campaigns c
      LEFT JOIN (SELECT campaign_id, sum(amount) AS total, count(*) AS gifts FROM donations GROUP BY 1) d
             ON d.campaign_id = c.id
          WHERE (total_raised, donation_count) <> (coalesce(total, 0), coalesce(gifts, 0))`;
    expect(await count(wrong)).toBe(0);
  });

  it('gives ids in the order of time, and nothing before what it needs', async () => {
    const backwards = (table: string, time: string) =>
      count(`(SELECT ${time} < lag(${time}) OVER (ORDER BY id) AS back FROM ${table}) WHERE back`);
    expect(await backwards('parents', 'date_joined')).toBe(0);
    expect(await backwards('campaigns', 'date_created')).toBe(0);
    expect(await backwards('donations', 'date_donated')).toBe(0);
    const owned =
      'campaigns c JOIN children k ON k.id = c.child_id JOIN parents p ON p.id = k.parent_id';
    expect(await count(`${owned} WHERE date_created <= date_joined`)).toBe(0);
    expect(await count(`${owned} WHERE date_created <= date_of_birth`)).toBe(0);
    const given = 'donations d JOIN campaigns c ON c.id = d.campaign_id';
    expect(await count(`${given} WHERE date_donated <= date_created`)).toBe(0);
    expect(await count(`${given} WHERE date_donated > least(now(), deadline)`)).toBe(0);
    expect(await count('donations d JOIN parents p ON p.id = donor_id WHERE date_donated < date_joined')).toBe(0); // prettier-ignore
  });

  it('weighs the amounts: half small, then medium, large and a few very large', async () => {
    for (const { share, range } of GIFT_SIZES) {
      const gifts = await count(`donations WHERE amount BETWEEN ${range[0]} AND ${range[1]}`);
      expect(Math.abs(gifts / SIZE.donations - share)).toBeLessThan(0.015);
    }
    expect(await count('donations WHERE amount NOT BETWEEN 5 AND 5000')).toBe(0);
  });

  it('has guests and parents as donors, some anonymous, most with a word', async () => {
    const share = async (condition: string) =>
      (await count(`donations WHERE ${condition}`)) / SIZE.donations;
    const anonymous = await share('anonymous');
    expect(anonymous).toBeGreaterThan(0.15);
    expect(anonymous).toBeLessThan(0.2);
    expect(await share('donor_id IS NULL')).toBeGreaterThan(0.4);
    expect(await share('donor_id IS NOT NULL')).toBeGreaterThan(0.25);
    expect(await share(`comment = ''`)).toBeGreaterThan(0.2);
    expect(await count(`donations WHERE comment ~ '[{}]'`)).toBe(0);
    expect(await count('donations d JOIN campaigns c ON c.id = campaign_id JOIN children k ON k.id = child_id WHERE donor_id = parent_id')).toBe(0); // prettier-ignore
  });

  it('tells no family name of a child to the public', async () => {
    const told = `campaigns c JOIN children k ON k.id = c.child_id
      WHERE position(' ' IN name) > 0
        AND position(lower(substring(name FROM position(' ' IN name))) IN lower(title || description)) > 0`;
    expect(await count(told)).toBe(0);
  });

  it('is refused a second time and then leaves nothing, and another seed adds to it', async () => {
    const before = await dump(api.database);
    const again = { ...REQUEST, size: { parents: 2, campaigns: 1, donations: 1 } };
    await expect(seedDatabase(api.database.url, again)).rejects.toThrow(
      /^The demo parents of seed 1 .* --seed 2\.$/,
    );
    expect(await dump(api.database)).toEqual(before);

    const { email } = await seedDatabase(api.database.url, { ...again, seed: 2 });
    expect(email).not.toBe(seeded.email);
    expect(await count('parents')).toBe(SIZE.parents + 2);
    expect(await count('donations')).toBe(SIZE.donations + 1);
  });
});

interface CampaignLook {
  title: string;
  description: string;
  goal: number;
  category: (typeof CATEGORIES)[number];
  name: string;
  public_name: string;
  age: number;
}

describe('in empty databases', () => {
  const databases: TestDatabase[] = [];
  const emptyDatabase = async () => {
    const database = await createTestDatabase();
    databases.push(database);
    return database;
  };

  afterAll(() => Promise.all(databases.map((database) => database.drop())));

  it('the same seed makes the same, another something else', async () => {
    const size = { parents: 10, campaigns: 30, donations: 500 };
    const dumps = [];
    for (const seed of [5, 5, 6]) {
      const database = await emptyDatabase();
      await seedDatabase(database.url, { ...REQUEST, seed, size });
      dumps.push(await dump(database));
    }
    expect(dumps[1]).toEqual(dumps[0]);
    expect(dumps[2]).not.toEqual(dumps[0]);
  });

  it('gives some gifts after the others as if all were given at once', async () => {
    const size = { parents: 10, campaigns: 30, donations: 30_500 };
    const dumps = [];
    for (const giftsAtOnce of [10_000, undefined]) {
      const database = await emptyDatabase();
      await seedDatabase(database.url, { ...REQUEST, size, giftsAtOnce });
      dumps.push(await dump(database));
    }
    expect(dumps[0]).toEqual(dumps[1]);
  });

  it('tells how far it is: never more than is stored, and all in the end', async () => {
    const database = await emptyDatabase();
    const told: number[] = [];
    const onProgress = (stored: number) => void told.push(stored);
    const size = { parents: 3, campaigns: 3, donations: 30_000 };
    await seedDatabase(database.url, { ...REQUEST, size, giftsAtOnce: 20_000, onProgress });
    expect(told).toEqual([5_000, 10_000, 20_000, 25_000, 30_000]);
  });

  it('a run that ends halfway leaves nothing', async () => {
    const database = await emptyDatabase();
    const ending = new AbortController();
    const onProgress = (stored: number) => {
      if (stored > 0) ending.abort(new StartError('Stopped.'));
    };
    const size = { parents: 3, campaigns: 3, donations: 30_000 };
    const run = seedDatabase(database.url, { ...REQUEST, size, onProgress, signal: ending.signal });
    await expect(run).rejects.toThrow('Stopped.');
    expect(await database.sql('SELECT id FROM parents')).toEqual([]);
    expect(await database.sql('SELECT id FROM donations')).toEqual([]);
  });

  it.each([
    { parents: 1, campaigns: 0, donations: 0 },
    { parents: 1, campaigns: 1, donations: 50 },
    { parents: 3, campaigns: 2, donations: 0 },
  ])('makes $parents, $campaigns and $donations', async (size) => {
    const database = await emptyDatabase();
    await seedDatabase(database.url, { ...REQUEST, size });
    const [row] = await database.sql(
      `SELECT (SELECT count(*)::int FROM parents) AS parents, (SELECT count(*)::int FROM campaigns) AS campaigns,
              (SELECT count(*)::int FROM donations) AS donations`,
    );
    expect(row).toEqual(size);
  });

  it.each(['2028-02-29', '2027-02-28', '2027-03-01', '2026-12-31', '2027-01-01'])(
    'nobody is 16 on %s',
    (day) => {
      const now = new Date(`${day}T23:59:59.999Z`);
      const size = { parents: 5_000, campaigns: 0, donations: 0 };
      const born = makeWorld(1, size, now, '').children.map(({ row }) => row.date_of_birth);
      const ages = born.map((date) => ageOn(now, date));
      expect([Math.min(...ages), Math.max(...ages)]).toEqual([0, 15]);
      expect(born.filter((date) => date > day)).toEqual([]);
    },
  );

  it('is refused in production', async () => {
    const database = await emptyDatabase();
    await expect(seedDatabase(database.url, { ...REQUEST, production: true })).rejects.toThrow(
      StartError,
    );
    expect(await database.sql('SELECT id FROM parents')).toEqual([]);
  });
});

describe('the ideas', () => {
  it.each(CATEGORIES)('are several dozen for %s, some for every age', (category) => {
    const ideas = ideasOf(category);
    expect(ideas.length).toBeGreaterThanOrEqual(36);
    expect(new Set(ideas.map(({ what }) => what)).size).toBe(ideas.length);
    for (let age = 0; age < 16; age += 1) {
      const some = ideas.filter(({ ages: [youngest, oldest] }) => youngest <= age && age <= oldest);
      expect(some.length, `${category} at ${age}`).toBeGreaterThan(0);
    }
    for (const { goal, why } of ideas) {
      expect(goal[0]).toBeGreaterThanOrEqual(1);
      expect(goal[1]).toBeLessThanOrEqual(100_000);
      expect(goal[0]).toBeLessThan(goal[1]);
      expect(why).not.toMatch(/\b(he|she|his|her|hers|him)\b/i);
    }
  });
});

describe('the command line', () => {
  it('has defaults', () => {
    expect(readArguments([])).toEqual({
      help: false,
      seed: 1,
      size: { parents: 50, campaigns: 100, donations: 5000 },
    });
    expect(readArguments(['--seed', '9', '--parents=3', '--help'])).toMatchObject({
      help: true,
      seed: 9,
      size: { parents: 3 },
    });
  });

  it.each([
    [['--parents', '0'], '--parents must be a whole number from 1 to 100000.'],
    [['--parents', '-5'], '--parents must be a whole number from 1 to 100000.'],
    [['--campaigns', '1.5'], '--campaigns must be a whole number from 0 to 100000.'],
    [['--donations', '1e3'], '--donations must be a whole number from 0 to 10000000.'],
    [['--donations'], '--donations must be a whole number from 0 to 10000000.'],
    [['--seed', 'abc'], '--seed must be a whole number from 0 to 999999999.'],
    [['--jars', '5'], "Unknown option '--jars'; try npm run seed -- --help."],
    [['50'], "Unexpected argument '50'; try npm run seed -- --help."],
    [
      ['--campaigns', '0'],
      'Donations need a campaign: give --campaigns 1 or more, or --donations 0.',
    ],
  ])('%j is refused in one sentence', (args, sentence) => {
    expect(() => readArguments(args)).toThrow(new StartError(sentence));
  });

  it('is refused in production with one sentence and exit code 1', async () => {
    const env = { ...process.env, NODE_ENV: 'production' };
    const command = ['--import', 'tsx', 'tools/demo-data/seed.ts'];
    const { code, stdout, stderr } = await new Promise<Ended>((resolve) => {
      const child = execFile(process.execPath, command, { env }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Demo data is not for production[^\n]*\n$/);
  });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}
