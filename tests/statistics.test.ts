import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  donate,
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
  type TestChild,
  type TestParent,
} from './support/factories.js';

const api = useApi();
let parent: TestParent;
let child: TestChild;
let campaign: TestCampaign;

beforeAll(async () => {
  ({ parent, child, campaign } = await openJar(api));
});

interface Figures {
  from: string;
  to: string;
  raised: number;
  gifts: number;
  donors: number;
  average: number;
  largest: number;
  daily: { date: string; raised: number; gifts: number }[];
}

const today = () => new Date().toISOString().slice(0, 10);
const figures = async (path: string, query = '', { access } = parent): Promise<Figures> =>
  (await api.get(`/${path}/statistics/${query}`, access).expect(200)).body as Figures;
const ofCampaign = (query?: string) => figures(`campaigns/${campaign.id}`, query);
const ofChild = (query?: string) => figures(`children/${child.id}`, query);
const errors = async (query: string, path = `campaigns/${campaign.id}`): Promise<string[]> =>
  Object.keys((await api.get(`/${path}/statistics/${query}`, parent.access).expect(400)).body);

interface StoredGift {
  campaign: number | null;
  at: string;
  amount: number;
  refunds?: number[];
  status?: string;
  donor?: number;
  guest?: string;
}

/** Stores a gift of any day; refunds in minor units. Without donor and guest it is an erased donor's. */
async function store({ campaign, at, amount, refunds = [], ...gift }: StoredGift) {
  const { status = 'completed', donor = null, guest = null } = gift;
  const name = donor === null && guest === null ? null : 'Somebody';
  const [row] = await api.database.sql<{ id: number }>(
    `INSERT INTO donations (campaign_id, amount, status, date_donated, donor_id, donor_email, donor_name)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
    [campaign, amount, status, at, donor, guest, name],
  );
  for (const refund of refunds) {
    await api.database.sql(
      `INSERT INTO refunds (donation_id, amount, status) VALUES ($1, $2, 'succeeded')`,
      [row!.id, refund],
    );
  }
}

/** The same figures in plain JavaScript. */
function recompute(all: StoredGift[], from: string, to: string): Figures {
  const kept = all
    .map((gift, n) => ({
      day: gift.at.slice(0, 10),
      net: gift.amount * 100 - (gift.refunds ?? []).reduce((sum, one) => sum + one, 0),
      person: gift.donor ?? gift.guest?.toLowerCase() ?? `erased ${n}`,
      counts: (gift.status ?? 'completed') === 'completed',
    }))
    .filter(({ counts, net, day }) => counts && net > 0 && day >= from && day <= to);
  const sum = (gifts: { net: number }[]) => gifts.reduce((total, { net }) => total + net, 0);
  const daily: Figures['daily'] = [];
  const whole = (minor: number) => Math.floor(minor / 100);
  for (let at = new Date(from); at <= new Date(to); at.setUTCDate(at.getUTCDate() + 1)) {
    const date = at.toISOString().slice(0, 10);
    const before = whole(sum(kept.filter(({ day }) => day < date)));
    const after = whole(sum(kept.filter(({ day }) => day <= date)));
    const gifts = kept.filter(({ day }) => day === date).length;
    daily.push({ date, raised: after - before, gifts });
  }
  const average = BigInt(sum(kept)) * 2n + 100n * BigInt(kept.length);
  return {
    from,
    to,
    raised: whole(sum(kept)),
    gifts: kept.length,
    donors: new Set(kept.map(({ person }) => person)).size,
    average: kept.length === 0 ? 0 : Number(average / (200n * BigInt(kept.length))),
    largest: whole(Math.max(0, ...kept.map(({ net }) => net))),
    daily,
  };
}

/** Numbers from 0 up to a bound, the same at each run. */
function* numbers(seed: number): Generator<number, never, number> {
  for (let state = seed, bound = yield 0; ;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    bound = yield Math.floor((state / 2 ** 31) * bound);
  }
}

describe('recomputed in plain JavaScript over many gifts', () => {
  const gifts: StoredGift[] = [];
  let other: TestCampaign;

  beforeAll(async () => {
    ({ parent, child, campaign } = await openJar(api));
    other = await openCampaign(api, parent, child);
    const donors = [await registerParent(api), await registerParent(api)];
    const source = numbers(7);
    source.next();
    const upTo = (bound: number) => source.next(bound).value;
    for (let n = 0; n < 120; n += 1) {
      const amount = 1 + upTo(60);
      const at = new Date(Date.UTC(2024, 1, 20) + upTo(20 * 86_400_000)).toISOString();
      const whose = [
        { donor: donors[upTo(2)]!.id },
        { guest: `guest${upTo(5)}@example.org` },
        { guest: `GUEST${upTo(5)}@Example.org` },
        {},
      ][upTo(4)]!;
      const refunds = [[], [], [1 + upTo(amount * 100 - 1)], [amount * 50, amount * 50]][upTo(4)]!;
      const status = ['pending', 'failed', 'completed', 'completed', 'completed'][upTo(5)]!;
      gifts.push({
        campaign: [campaign.id, other.id][upTo(2)]!,
        at,
        amount,
        status,
        refunds,
        ...whose,
      });
    }
    for (const gift of gifts) await store(gift);
  });

  const of = (campaigns: number[]) => gifts.filter((one) => campaigns.includes(one.campaign!));

  test.each([
    ['2024-02-20', '2024-03-12'],
    ['2024-02-28', '2024-03-01'],
    ['2024-02-29', '2024-02-29'],
    ['2020-01-01', '2020-02-01'],
    ['2024-01-01', '2024-12-31'],
  ])('from %s to %s', async (from, to) => {
    const query = `?from=${from}&to=${to}`;
    const mine = await ofCampaign(query);
    expect(mine).toEqual(recompute(of([campaign.id]), from, to));
    expect(await ofChild(query)).toEqual(recompute(of([campaign.id, other.id]), from, to));
    expect(mine.daily.reduce((sum, { raised }) => sum + raised, 0)).toBe(mine.raised);
  });

  test('without a range from the first gift that counts until today', async () => {
    const counted = recompute(of([campaign.id]), '2000-01-01', '2030-01-01').daily;
    const first = counted.find((day) => day.gifts > 0)!.date;
    expect(await ofCampaign()).toEqual(recompute(of([campaign.id]), first, today()));
  });
});

describe('one figure at a time', () => {
  let jar: TestCampaign;
  const of = (query = '') => figures(`campaigns/${jar.id}`, query);
  const give = (fields: Partial<StoredGift>) =>
    store({
      campaign: jar.id,
      at: '2024-05-05T12:00:00Z',
      amount: 10,
      guest: 'a@example.org',
      ...fields,
    });

  const freshJar = async () => {
    ({ parent, child, campaign } = await openJar(api));
    jar = campaign;
  };

  test('nothing was given', async () => {
    await freshJar();
    const day = today();
    expect(await of()).toEqual({
      from: day,
      to: day,
      raised: 0,
      gifts: 0,
      donors: 0,
      average: 0,
      largest: 0,
      daily: [{ date: day, raised: 0, gifts: 0 }],
    });
  });

  test.each([
    [[100, 101], 101],
    [[100, 100, 101], 100],
    [[1, 2, 2], 2],
  ])('the average of %j is %j: halves go up', async (amounts, average) => {
    await freshJar();
    for (const amount of amounts) await give({ amount });
    expect(await of()).toMatchObject({ average });
  });

  test('cents: each figure is rounded by itself, and the days add up', async () => {
    await freshJar();
    await give({ amount: 10, refunds: [50], at: '2024-05-01T00:00:00.000Z' });
    await give({ amount: 10, refunds: [40], at: '2024-05-02T23:59:59.999Z' });
    await give({ amount: 10, refunds: [60], at: '2024-05-03T00:00:00.000Z' });
    expect(await of('?from=2024-05-01&to=2024-05-03')).toMatchObject({
      raised: 28,
      gifts: 3,
      average: 10,
      largest: 9,
      daily: [
        { date: '2024-05-01', raised: 9, gifts: 1 },
        { date: '2024-05-02', raised: 10, gifts: 1 },
        { date: '2024-05-03', raised: 9, gifts: 1 },
      ],
    });
  });

  test('sums beyond 32 bits', async () => {
    await freshJar();
    await api.database.sql(
      `INSERT INTO donations (campaign_id, amount, donor_name, donor_email, date_donated)
       SELECT $1, 100000, 'G', n || '@example.org', '2024-05-05' FROM generate_series(1, 25000) n`,
      [jar.id],
    );
    expect(await of('?from=2024-05-05&to=2024-05-05')).toEqual({
      from: '2024-05-05',
      to: '2024-05-05',
      raised: 2_500_000_000,
      gifts: 25_000,
      donors: 25_000,
      average: 100_000,
      largest: 100_000,
      daily: [{ date: '2024-05-05', raised: 2_500_000_000, gifts: 25_000 }],
    });
  });

  test('people: an account, a guest however written, each erased donor', async () => {
    await freshJar();
    const donor = (await registerParent(api)).id;
    const erased = {};
    const people = [{ donor }, { donor }, { guest: 'b@example.org' }, { guest: 'B@Example.ORG' }];
    for (const who of [...people, erased, erased]) {
      await store({ campaign: jar.id, at: '2024-05-05T12:00:00Z', amount: 1, ...who });
    }
    expect(await of()).toMatchObject({ gifts: 6, donors: 4 });
  });

  test('a child’s figures are those of its living campaigns, from the first on', async () => {
    await freshJar();
    const second = await openCampaign(api, parent, child);
    await api.database.sql(`UPDATE campaigns SET date_created = '2024-06-01' WHERE id = $1`, [
      jar.id,
    ]);
    await give({ amount: 5, at: '2024-06-02T12:00:00Z' });
    await store({ campaign: second.id, amount: 7, at: '2024-06-03T12:00:00Z' });
    expect(await ofChild()).toMatchObject({ from: '2024-06-01', to: today(), raised: 12 });
    await api.delete(`/campaigns/${second.id}/`, parent.access).expect(204);
    expect(await ofChild()).toMatchObject({ from: '2024-06-01', raised: 5 });
    await api.delete(`/campaigns/${jar.id}/`, parent.access).expect(204);
    expect(await ofChild()).toMatchObject({ from: today(), to: today(), raised: 0 });
  });

  test('a gift of today is there at once', async () => {
    await freshJar();
    await donate(api, jar, { amount: 4 });
    expect(await of()).toMatchObject({ raised: 4, gifts: 1, donors: 1, average: 4, largest: 4 });
  });

  test('the time zone of the database does not matter', async () => {
    await freshJar();
    await give({ at: '2024-03-31T23:30:00Z' });
    const [{ name }] = (await api.database.sql('SELECT current_database() AS name')) as [
      { name: string },
    ];
    await api.database.sql(`ALTER DATABASE "${name}" SET timezone = 'Europe/Berlin'`);
    try {
      await api.database.sql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      await expect.poll(async () => (await api.get('/health/ready')).status).toBe(200);
      const range = '?from=2024-03-29&to=2024-04-02';
      const gift = { campaign: jar.id, at: '2024-03-31T23:30:00Z', amount: 10, guest: 'a' };
      expect(await of(range)).toEqual(recompute([gift], '2024-03-29', '2024-04-02'));
    } finally {
      await api.database.sql(`ALTER DATABASE "${name}" RESET timezone`);
    }
  });
});

describe('the range', () => {
  test.each([
    ['?from=2024-02-30', ['from']],
    ['?to=2024-13-01', ['to']],
    ['?from=0000-01-01&to=0000-01-02', ['from', 'to']],
    ['?from=x&to=2024-01-01T00:00:00Z', ['from', 'to']],
    ['?from=2024-01-02&to=2024-01-01', ['to']],
    ['?to=2001-01-01', ['to']],
    ['?from=9999-12-31', ['to']],
    ['?from=0001-01-01&to=9999-12-31', ['from']],
    ['?from=2014-01-01&to=2024-01-09', ['from']],
    ['?from=2024-01-01&from=2024-01-02', ['from']],
  ])('%s is refused', async (query, fields) => {
    expect(await errors(query)).toEqual(fields);
    expect(await errors(query, `children/${child.id}`)).toEqual(fields);
  });

  test('3,660 days are not too many', async () => {
    const { daily } = await ofCampaign('?from=2014-01-01&to=2024-01-08');
    expect(daily).toHaveLength(3_660);
    expect(daily.map(({ date }) => date)).toContain('2020-02-29');
  });

  test('an empty parameter counts as not given', async () => {
    expect(await ofCampaign('?from=&to=')).toEqual(await ofCampaign());
  });
});

test.each(['campaigns', 'children'])('only the owner sees the figures of %s', async (what) => {
  const stranger = await registerParent(api);
  const id = what === 'campaigns' ? campaign.id : child.id;
  const path = `/${what}/${id}/statistics/`;
  await api.get(path).expect(401);
  await api.get(`${path}?from=x`, stranger.access).expect(403);
  await api.get(`/${what}/999999/statistics/?from=x`, parent.access).expect(404);
  await api.get(`/${what}/0/statistics/`, parent.access).expect(404);
  await api.get(path.replace(/\/$/, ''), parent.access).expect(200);
});
