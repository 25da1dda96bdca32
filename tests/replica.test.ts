import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { useApi, type Api } from './support/api.js';
import { CountingProxy } from './support/counting-proxy.js';
import { donate, openJar, type TestCampaign, type TestParent } from './support/factories.js';
import { SHORT_LISTENING, SHORT_REPLICA } from './support/figures.js';
import { started } from './support/locks.js';
import { startStreaming, type Streaming } from './support/streaming.js';
import { openSwitchableProxy, type SwitchableProxy } from './support/switchable-proxy.js';
import { PATIENCE } from './support/patience.js';

/** Milliseconds: for a replica that is catching up or was left alone for a while. */
const CAUGHT_UP = { timeout: PATIENCE, interval: 20 };

let streaming: Streaming;
beforeAll(async () => {
  streaming = await startStreaming();
});
afterAll(() => streaming.stop());

/** Between the API and the replica, and between the API and its primary. */
const atReplica = new CountingProxy();
const atPrimary = new CountingProxy();
const hurriedAtReplica = new CountingProxy();
const oneByOneAtReplica = new CountingProxy();
afterAll(() =>
  [atReplica, atPrimary, hurriedAtReplica, oneByOneAtReplica].forEach((proxy) => proxy.close()),
);
let wayToReplica: SwitchableProxy;
let wayOfChanges: SwitchableProxy;
afterAll(() => Promise.all([wayToReplica.close(), wayOfChanges.close()]));

const api = useApi({
  on: () => streaming.primary,
  waits: { ...SHORT_REPLICA, listening: SHORT_LISTENING },
  through: (url) => atPrimary.before(url),
  replica: async () => {
    wayToReplica = await openSwitchableProxy(streaming.replica.url);
    return atReplica.before(wayToReplica.url);
  },
  hearsThrough: async (url) => {
    wayOfChanges = await openSwitchableProxy(url);
    return wayOfChanges.url;
  },
});
const caching = useApi({
  on: () => streaming.primary,
  replica: () => Promise.resolve(streaming.replica.url),
  caching: true,
});
/** Where searches soon take too long. */
const hurried = useApi({
  on: () => streaming.primary,
  search: { statement: 300 },
  replica: () => hurriedAtReplica.before(streaming.replica.url),
});
/** Where one search is run at a time, and one waits. */
const oneByOne = useApi({
  on: () => streaming.primary,
  search: { atOnce: 1, mostWaiting: 1, mostWaitingPerLane: 1 },
  replica: () => oneByOneAtReplica.before(streaming.replica.url),
});
/** Another process, without a replica. */
const other = useApi({ on: () => streaming.primary });

let parent: TestParent;
let campaign: TestCampaign;
beforeAll(async () => {
  ({ parent, campaign } = await openJar(other));
});

afterEach(async () => {
  await wayOfChanges.restore();
  await wayToReplica.restore();
  await streaming.replica.sql('SELECT pg_wal_replay_resume()');
});

const path = () => `/campaigns/${campaign.id}/`;
const total = async (from: Api) => (await from.get(path()).expect(200)).body.total_raised as number;
const totalInDatabase = async () => {
  const [row] = await streaming.primary.sql<{ total: number }>(
    'SELECT total_raised::int AS total FROM campaigns WHERE id = $1',
    [campaign.id],
  );
  return row!.total;
};

/** Waits until visitors' reads come from the replica alone. */
async function untilReplicaAnswers(): Promise<void> {
  await vi.waitFor(async () => {
    const [primary, replica] = [atPrimary.statements, atReplica.statements];
    await api.get(path()).expect(200);
    expect(atPrimary.statements).toBe(primary);
    expect(atReplica.statements).toBeGreaterThan(replica);
  }, CAUGHT_UP);
}

/** Expects that a read costs the primary so many statements and the replica none. */
async function expectPrimaryAnswers(read: () => Promise<unknown>, statements = 1): Promise<void> {
  const replica = atReplica.statements;
  expect(await atPrimary.during(read)).toBe(statements);
  expect(atReplica.statements).toBe(replica);
}

const pauseReplay = () => streaming.replica.sql('SELECT pg_wal_replay_pause()');

test('it is a streaming replica of the primary', async () => {
  const rows = await streaming.primary.sql('SELECT state FROM pg_stat_replication');
  expect(rows).toEqual([{ state: 'streaming' }]);
  expect(await streaming.replica.sql('SELECT pg_is_in_recovery() AS replays')).toEqual([
    { replays: true },
  ]);
});

test("visitors' reads come from it, all of them", async () => {
  const shared = ['/campaigns/', '/campaigns/?q=violin', path(), `${path()}donations/`];
  await untilReplicaAnswers();
  for (const one of shared) {
    await vi.waitFor(async () => {
      const primary = atPrimary.statements;
      const read = () => api.get(one).expect(200);
      expect(await atReplica.during(read), one).toBe(2);
      expect(atPrimary.statements, one).toBe(primary);
    }, CAUGHT_UP);
  }
});

test("parents' reads and all writes go to the primary", async () => {
  await untilReplicaAnswers();
  const replica = atReplica.statements;
  await api.get(path(), parent.access).expect(200);
  await api.get('/campaigns/', parent.access).expect(200);
  await api.get('/parents/me/', parent.access).expect(200);
  await donate(api, campaign);
  expect(atReplica.statements).toBe(replica);
});

test('whoever gives sees it in the next answer, however late the replica is', async () => {
  await untilReplicaAnswers();
  await pauseReplay();
  for (let times = 0; times < 5; times += 1) {
    await donate(api, campaign);
    expect(await total(api)).toBe(await totalInDatabase());
    await donate(caching, campaign);
    expect(await total(caching)).toBe(await totalInDatabase());
  }
  await streaming.replica.sql('SELECT pg_wal_replay_resume()');
  await untilReplicaAnswers();
  expect(await total(api)).toBe(await totalInDatabase());
});

test('and sees it before this process has heard of it', async () => {
  await untilReplicaAnswers();
  await pauseReplay();
  wayOfChanges.freeze();
  await donate(api, campaign);
  expect(await total(api)).toBe(await totalInDatabase());
});

test('what another process changes is soon seen, however late the replica is', async () => {
  await untilReplicaAnswers();
  await pauseReplay();
  await donate(other, campaign);
  const truth = await totalInDatabase();
  for (const one of [api, caching]) {
    await vi.waitFor(async () => expect(await total(one)).toBe(truth), CAUGHT_UP);
  }
});

test('each of fifty gifts is in the next answer, with the replica at work', async () => {
  for (let times = 0; times < 50; times += 1) {
    await donate(caching, campaign, { amount: 1 });
    const truth = await totalInDatabase();
    expect(await total(caching)).toBe(truth);
  }
});

test('while changes are not heard of, the primary answers', async () => {
  await untilReplicaAnswers();
  await wayOfChanges.refuse();
  await api.hearing!.until(false);
  await pauseReplay();
  await donate(other, campaign);
  await expectPrimaryAnswers(() => total(api));
  expect(await total(api)).toBe(await totalInDatabase());
  await wayOfChanges.restore();
  await api.hearing!.until(true);
  expect(await total(api)).toBe(await totalInDatabase());
});

test('when it falls silent, the primary answers', async () => {
  await untilReplicaAnswers();
  wayToReplica.freeze();
  const totals = await Promise.all(Array.from({ length: 20 }, () => total(api)));
  expect(new Set(totals)).toEqual(new Set([await totalInDatabase()]));
  await expectPrimaryAnswers(() => total(api));
  await wayToReplica.restore();
  await untilReplicaAnswers();
});

test('when its connections break with reads in flight, the primary answers', async () => {
  const uncaught = vi.fn();
  process.on('uncaughtException', uncaught);
  onTestFinished(() => void process.off('uncaughtException', uncaught));
  await untilReplicaAnswers();
  wayToReplica.freeze();
  const asked = atReplica.statements;
  const totals = Promise.all([total(api), total(api)]);
  await expect.poll(() => atReplica.statements, { interval: 5 }).toBeGreaterThan(asked);
  wayToReplica.cut();
  expect(new Set(await totals)).toEqual(new Set([await totalInDatabase()]));
  await wayToReplica.restore();
  await untilReplicaAnswers();
  expect(uncaught).not.toHaveBeenCalled();
});

test('once it could not answer it is left alone for a while, and then asked again', async () => {
  await untilReplicaAnswers();
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  await wayToReplica.refuse();
  expect(await total(api)).toBe(await totalInDatabase());
  await wayToReplica.restore();
  await expectPrimaryAnswers(() => total(api));
  vi.setSystemTime(Date.now() + 2_000);
  const asked = atReplica.statements;
  await total(api);
  expect(atReplica.statements).toBeGreaterThan(asked);
});

/** Keeps all searches waiting inside the replica, until they are let go or the test ends. */
async function holdSearches() {
  const holder = new pg.Client({ connectionString: streaming.primary.url });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('BEGIN; LOCK TABLE campaign_search IN ACCESS EXCLUSIVE MODE');
  // What happens at the primary after it is replayed after it.
  const [written] = await streaming.primary.sql<{ lsn: string }>(
    'SELECT pg_current_wal_insert_lsn()::text AS lsn FROM pg_switch_wal()',
  );
  await vi.waitFor(async () => {
    const [now] = await streaming.replica.sql<{ has: boolean }>(
      'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS has',
      [written!.lsn],
    );
    expect(now!.has).toBe(true);
  }, CAUGHT_UP);
  return { letGo: () => holder.query('ROLLBACK') };
}

test('a search that takes too long there is given up, and the replica goes on answering', async () => {
  const answered = async () => {
    expect(await hurriedAtReplica.during(() => hurried.get(path()).expect(200))).toBe(2);
  };
  await vi.waitFor(answered, CAUGHT_UP);
  await holdSearches();
  await hurried.get('/campaigns/?q=violin').expect(503);
  await answered();
});

test('searches wait for each other there, too, and beyond the queue they are refused', async () => {
  const answered = async () => {
    expect(await oneByOneAtReplica.during(() => oneByOne.get(path()).expect(200))).toBe(2);
  };
  await vi.waitFor(answered, CAUGHT_UP);
  const { letGo } = await holdSearches();
  const statuses: number[] = [];
  const searches = [1, 2, 3, 4].map((n) =>
    started(oneByOne.get(`/campaigns/?q=violin&page_size=${n}`)).then(({ status }) => {
      statuses.push(status);
    }),
  );
  await expect.poll(() => statuses).toEqual([503, 503]);
  await letGo();
  await Promise.all(searches);
  expect(statuses).toEqual([503, 503, 200, 200]);
});

test('when it stops, the primary answers, and when it is back, it does', async () => {
  await untilReplicaAnswers();
  await streaming.replica.stop();
  try {
    const totals = await Promise.all(Array.from({ length: 20 }, () => total(api)));
    expect(new Set(totals)).toEqual(new Set([await totalInDatabase()]));
    await donate(api, campaign);
    expect(await total(api)).toBe(await totalInDatabase());
  } finally {
    await streaming.replica.start();
  }
  await untilReplicaAnswers();
  expect(await total(api)).toBe(await totalInDatabase());
  expect(api.logged.join()).not.toContain(new URL(streaming.replica.url).password);
});
