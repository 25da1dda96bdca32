import { beforeEach, describe, expect, test, vi } from 'vitest';
import { INDEXING, type IndexingFigures } from '../src/config/indexing-figures.js';
import { indexMarked } from '../src/features/search-index/search-index.service.js';
import { startWorker } from '../src/jobs/worker.js';
import { useApi, type Api } from './support/api.js';
import {
  addChild,
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
} from './support/factories.js';
import { hold } from './support/locks.js';
import { PATIENCE } from './support/patience.js';
import { MAIL_FROM, SETTINGS } from './support/worker.js';

/** A title of 30 bytes: two campaigns are indexed by the rename itself. The database has no worker. */
const TITLE = 'x'.repeat(29);
const api = useApi({ indexing: { atOnce: 60 }, search: { near: 100 } });
/** Takes candidates from the index wherever the newest campaign doesn't match. */
const byIndex = useApi({ on: () => api.database, search: { near: 1 } });

interface Family {
  campaigns: TestCampaign[];
  rename: (name: string) => Promise<unknown>;
}

let family: Family;

/** A child named Berta with five open campaigns, and a newer campaign of another child. */
beforeEach(async () => {
  await api.database.sql('DELETE FROM campaigns');
  await api.database.sql('DELETE FROM graphile_worker._private_jobs');
  const words = { title: TITLE, description: '-' };
  const parent = await registerParent(api);
  const child = await addChild(api, parent, { name: 'Berta' });
  const campaigns: TestCampaign[] = [];
  for (let n = 0; n < 5; n += 1) campaigns.push(await openCampaign(api, parent, child, words));
  await openJar(api);
  const path = `/children/${child.id}/`;
  family = {
    campaigns,
    rename: (name) => api.patch(path, { name }, parent.access).expect(200),
  };
});

async function found(by: Api, q: string): Promise<number[]> {
  const { body } = await by.get(`/campaigns/?q=${q}`).expect(200);
  return (body as TestCampaign[]).map(({ id }) => id).sort((a, b) => a - b);
}

const ids = (campaigns: TestCampaign[]) => campaigns.map(({ id }) => id);

async function marked(): Promise<number[]> {
  const rows = await api.database.sql<{ id: number }>(
    'SELECT campaign_id AS id FROM campaigns_to_index ORDER BY 1',
  );
  return rows.map(({ id }) => id);
}

const waitingJobs = () =>
  api.database.sql("SELECT FROM graphile_worker.jobs WHERE task_identifier = 'index_campaigns'");

function runIndexing(figures: Partial<IndexingFigures> = {}, signal?: AbortSignal): Promise<void> {
  const settings = { ...SETTINGS, indexing: { ...INDEXING, rest: 0, ...figures } };
  return indexMarked({ db: api.db, log: api.log, now: new Date(), settings }, signal);
}

describe('a child with more text than a rename indexes at once', () => {
  test('has its newest campaigns indexed by the rename, the others by the job', async () => {
    const all = ids(family.campaigns);
    await family.rename('Clara');
    expect(await marked()).toEqual(all.slice(0, 3));
    expect(await waitingJobs()).toHaveLength(1);
    expect(await found(byIndex, 'clara')).toEqual(all.slice(3));
    await runIndexing();
    expect(await marked()).toEqual([]);
    expect(await found(byIndex, 'clara')).toEqual(all);
  });

  test('is found by its old name nowhere, and by all other words as before', async () => {
    const all = ids(family.campaigns);
    expect(await found(byIndex, 'berta')).toEqual(all);
    await family.rename('Clara');
    for (const by of [api, byIndex]) {
      expect(await found(by, 'berta')).toEqual([]);
      expect(await found(by, `${TITLE}+-`)).toEqual(all);
      expect((await by.get('/campaigns/?q=berta&count=true')).headers['x-total-count']).toBe('0');
    }
    // Where the order is followed, the live name is read.
    expect(await found(api, 'clara')).toEqual(all);
  });

  test('that is renamed twice is found by its last name', async () => {
    await family.rename('Clara');
    await family.rename('Dora');
    await runIndexing();
    for (const q of ['berta', 'clara']) expect(await found(byIndex, q)).toEqual([]);
    expect(await found(byIndex, 'dora')).toEqual(ids(family.campaigns));
  });
});

describe('a long text', () => {
  const LONG = 'quartz '.repeat(1_000);
  let campaign: TestCampaign;
  let change: (fields: object) => Promise<unknown>;
  beforeEach(async () => {
    const parent = await registerParent(api);
    const child = await addChild(api, parent);
    campaign = await openCampaign(api, parent, child, { description: LONG, category: 'sports' });
    await openJar(api);
    change = (fields) => api.patch(`/campaigns/${campaign.id}/`, fields, parent.access).expect(200);
  });

  test('is left to the job, and found once that has indexed it', async () => {
    expect(await marked()).toEqual([campaign.id]);
    expect(await waitingJobs()).toHaveLength(1);
    await runIndexing();
    expect(await marked()).toEqual([]);
    expect(await found(byIndex, 'quartz')).toEqual([campaign.id]);
  });

  test('that was changed is found by what it no longer says nowhere, and soon by what it says', async () => {
    await runIndexing();
    await change({ title: 'Jasper', description: LONG.replaceAll('quartz', 'basalt') });
    expect(await found(byIndex, 'quartz')).toEqual([]);
    await runIndexing();
    expect(await found(byIndex, 'basalt+jasper')).toEqual([campaign.id]);
  });

  test('in another category is not found in the old one, and soon in the new one', async () => {
    await runIndexing();
    await change({ category: 'health' });
    expect(await waitingJobs()).toHaveLength(1);
    for (const by of [api, byIndex]) expect(await found(by, 'quartz&category=sports')).toEqual([]);
    await runIndexing();
    expect(await found(byIndex, 'quartz&category=health')).toEqual([campaign.id]);
  });

  test('of a campaign that is closed is not found at once, and soon again when it is reopened', async () => {
    await runIndexing();
    await change({ is_open: false });
    expect(await marked()).toEqual([]);
    for (const by of [api, byIndex]) expect(await found(by, 'quartz')).toEqual([]);
    await change({ is_open: true });
    expect(await marked()).toEqual([campaign.id]);
    await runIndexing();
    expect(await found(byIndex, 'quartz')).toEqual([campaign.id]);
  });
});

test('a rename waits for nobody who has locked a campaign; neither does the job, which comes again', async () => {
  const [newest] = ids(family.campaigns).slice(-1);
  const lock = 'SELECT FROM campaigns WHERE id = $1 FOR NO KEY UPDATE';
  const holder = await hold(api, lock, [newest]);
  await family.rename('Clara');
  await runIndexing();
  expect(await marked()).toEqual([newest]);
  await holder.release();
  await runIndexing();
  expect(await found(byIndex, 'clara')).toEqual(ids(family.campaigns));
});

test('a job that ends early is followed by another; jobs at once share the work', async () => {
  await family.rename('Clara');
  await api.database.sql('DELETE FROM graphile_worker._private_jobs');
  await runIndexing({}, AbortSignal.abort());
  expect(await marked()).toHaveLength(3);
  expect(await waitingJobs()).toHaveLength(1);
  await runIndexing({ batchesARun: 1 });
  expect(await marked()).toHaveLength(2);
  await Promise.all([runIndexing(), runIndexing(), runIndexing()]);
  expect(await marked()).toEqual([]);
  expect(await found(byIndex, 'clara')).toEqual(ids(family.campaigns));
});

test('a change of anything else marks nothing and adds no job', async () => {
  await family.rename('Berta Sommer');
  expect(await marked()).toEqual([]);
  expect(await waitingJobs()).toEqual([]);
});

test('the worker finishes what a rename has begun', async () => {
  await family.rename('Clara');
  const worker = startWorker({
    config: { mail: { smtpUrl: undefined, from: MAIL_FROM }, dataDir: '/nowhere' },
    settings: { ...SETTINGS, indexing: { ...INDEXING, batchesARun: 2, rest: 0 } },
    databaseUrl: api.database.url,
    db: api.db,
    log: api.log,
    schedule: [],
  });
  await vi.waitFor(async () => expect(await marked()).toEqual([]), { timeout: PATIENCE });
  await worker.stop();
});
