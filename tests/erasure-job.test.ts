import { expect, test, vi } from 'vitest';
import { ERASURE } from '../src/config/erasure-figures.js';
import { startWorker } from '../src/jobs/worker.js';
import { useApi } from './support/api.js';
import { erasures, runErasure } from './support/erasing.js';
import { donate, openJar, registerParent, type TestCampaign } from './support/factories.js';
import { hold } from './support/locks.js';
import { MAIL_FROM, SETTINGS } from './support/worker.js';
import { PATIENCE } from './support/patience.js';

// The database of this file has no worker: each test says when the job runs.
const api = useApi({ caching: true });

const { batch } = ERASURE;

/** Gives many donations at once, each with the stored response to a request with a key. */
async function giveMany({ id }: TestCampaign, many: number, donorId: number | null = null) {
  await api.database.sql(
    `WITH gift AS (
       INSERT INTO donations (campaign_id, donor_id, amount, donor_name, donor_email, comment)
       SELECT $1, $3::int, 1 + n % 7, 'Zz-name', CASE WHEN $3::int IS NULL THEN 'zz-' || n || '@example.org' END, 'zz'
         FROM generate_series(1, $2::int) n RETURNING id)
     INSERT INTO idempotent_requests (scope, body_hash, route, status, answer, campaign_id, donation_id, parent_id)
     SELECT sha256(id::text::bytea), sha256('zz'), 'POST /zz/', 201, '{}', $1, id, $3::int FROM gift`,
    [id, many, donorId],
  );
}

interface Left {
  donations: number;
  requests: number;
}

/** What still refers to a campaign or parent that was deleted. */
async function left(kind: 'campaign' | 'parent', id: number): Promise<Left> {
  const column = kind === 'campaign' ? 'campaign_id' : 'donor_id';
  const [row] = await api.database.sql<Left>(
    `SELECT (SELECT count(*)::int FROM donations WHERE ${column} = $1) AS donations,
            (SELECT count(*)::int FROM idempotent_requests WHERE ${kind}_id = $1) AS requests`,
    [id],
  );
  return row!;
}

const money = () =>
  api.database.sql(`
    SELECT (SELECT count(*)::int FROM donations) AS gifts, (SELECT sum(amount)::int FROM donations) AS given,
           (SELECT count(*)::int FROM campaigns c WHERE total_raised <> (
             SELECT coalesce(sum(amount), 0) FROM donations d WHERE d.campaign_id = c.id)) AS wrong`);

const waitingJobs = () =>
  api.database.sql<{ id: string }>(
    "SELECT id::text FROM graphile_worker.jobs WHERE task_identifier = 'erase_deleted'",
  );

test.each(['campaign', 'parent'] as const)(
  'deleting a %s touches one batch of what refers to it, however much that is',
  async (kind) => {
    const { parent, campaign } = await openJar(api);
    const donor = await registerParent(api);
    await giveMany(campaign, 20 * batch, donor.id);
    const before = await money();
    const [path, access, id] =
      kind === 'campaign'
        ? [`/campaigns/${campaign.id}/`, parent.access, campaign.id]
        : ['/parents/me/', donor.access, donor.id];
    await api.delete(path, access).expect(204);
    expect((await left(kind, id)).donations).toBe(19 * batch);
    expect(await waitingJobs()).toHaveLength(1);
    expect(await money()).toEqual(before);

    await runErasure(api, { batchesARun: 2 });
    expect((await left(kind, id)).donations).toBe(17 * batch);
    await runErasure(api);
    expect(await left(kind, id)).toEqual({ donations: 0, requests: 0 });
    expect(await erasures(api)).toEqual([]);
    expect(await money()).toEqual(before);
  },
);

test('a job that ends early is followed by another; jobs at once share the work and do none of it twice', async () => {
  const { parent, campaign } = await openJar(api);
  const other = await openJar(api);
  await giveMany(other.campaign, 10);
  await giveMany(campaign, 3 * batch);
  const before = await money();
  await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
  await api.database.sql('DELETE FROM graphile_worker._private_jobs');
  await runErasure(api, { batch: 7, batchesARun: 3 }, AbortSignal.abort());
  expect((await left('campaign', campaign.id)).donations).toBe(2 * batch);
  expect(await waitingJobs()).toHaveLength(1);

  const runs = Array.from({ length: 4 }, () => runErasure(api, { batch: 7, batchesARun: 10_000 }));
  await Promise.all(runs);
  await runErasure(api);
  expect(await left('campaign', campaign.id)).toEqual({ donations: 0, requests: 0 });
  expect(await erasures(api)).toEqual([]);
  expect(await money()).toEqual(before);
});

test('a job that is killed in a batch leaves that batch to the next', async () => {
  const { parent, campaign } = await openJar(api);
  await giveMany(campaign, 2 * batch);
  await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
  // The batch forgets the reasons of refunds, and waits for this one.
  const [{ id }] = (await api.database.sql<{ id: number }>(
    'SELECT max(id) AS id FROM donations WHERE campaign_id = $1',
    [campaign.id],
  )) as [{ id: number }];
  await api.database.sql(
    "INSERT INTO refunds (donation_id, amount, status, reason) VALUES ($1, 1, 'succeeded', 'zz')",
    [id],
  );
  const holder = await hold(api, 'SELECT FROM refunds WHERE donation_id = $1 FOR UPDATE', [id]);
  const killed = expect(runErasure(api)).rejects.toThrow();
  const pid = await vi.waitFor(async () => {
    const [row] = await api.database.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (!row) throw new Error('the batch waits for nothing yet');
    return row.pid;
  }, PATIENCE);
  await api.database.sql('SELECT pg_terminate_backend($1)', [pid]);
  await killed;
  await holder.release();
  expect((await left('campaign', campaign.id)).donations).toBe(batch);
  await runErasure(api);
  expect(await left('campaign', campaign.id)).toEqual({ donations: 0, requests: 0 });
});

test('a donation that somebody has locked keeps nobody waiting, and is detached by a later run', async () => {
  const { parent, campaign } = await openJar(api);
  const locked = await donate(api, campaign);
  await donate(api, campaign);
  const holder = await hold(api, 'SELECT FROM donations WHERE id = $1 FOR UPDATE', [locked.id]);
  await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
  await runErasure(api);
  expect((await left('campaign', campaign.id)).donations).toBe(1);
  expect(await erasures(api)).toMatchObject([{ kind: 'campaign', id: campaign.id }]);
  await holder.release();
  await runErasure(api);
  expect(await erasures(api)).toEqual([]);
});

test('a donor who leaves changes what is kept in memory at once, and the job announces nothing', async () => {
  const { campaign } = await openJar(api);
  const donor = await registerParent(api);
  await giveMany(campaign, 2 * batch, donor.id);
  const path = `/campaigns/${campaign.id}/donations/`;
  expect((await api.get(path).expect(200)).text).toContain('Zz-name');
  await api.delete('/parents/me/', donor.access).expect(204);
  expect((await api.get(path).expect(200)).text).not.toContain('Zz-name');
  const announced = () => api.database.sql('SELECT last_value FROM outbox_id_seq');
  const before = await announced();
  await runErasure(api);
  expect(await erasures(api)).toEqual([]);
  expect(await announced()).toEqual(before);
});

test('the worker finishes what a deletion has begun', async () => {
  const { parent, campaign } = await openJar(api);
  await giveMany(campaign, 5 * batch);
  await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
  const worker = startWorker({
    config: { mail: { smtpUrl: undefined, from: MAIL_FROM }, dataDir: '/nowhere' },
    settings: { ...SETTINGS, erasure: { ...ERASURE, batchesARun: 2, rest: 0 } },
    databaseUrl: api.database.url,
    db: api.db,
    log: api.log,
    schedule: [],
  });
  await vi.waitFor(async () => expect(await erasures(api)).toEqual([]), { timeout: PATIENCE });
  expect(await left('campaign', campaign.id)).toEqual({ donations: 0, requests: 0 });
  await worker.stop();
});
