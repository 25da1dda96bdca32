import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { useApi } from './support/api.js';
import {
  guestGift,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';
import { PATIENCE } from './support/patience.js';

const LANES = 35;

const api = useApi();

/** Another client of the database, to hold a lock for as long as a test wants. */
let other: pg.Client;

beforeEach(async () => {
  other = new pg.Client({ connectionString: api.database.url });
  await other.connect();
  await other.query('BEGIN');
});

afterEach(() => other.end());

type Answer = { status: number; body: { id?: number; code?: string } };

const give = async ({ id }: TestCampaign, donor?: TestParent): Promise<Answer> =>
  api.post(
    `/campaigns/${id}/donations/`,
    donor ? { amount: 7 } : guestGift({ amount: 3 }),
    donor?.access,
  );
const setOpen = async ({ id }: TestCampaign, { access }: TestParent, open: boolean) =>
  (await api.put(`/campaigns/${id}/`, { is_open: open }, access).expect(200)).body;

/** Sends a request now: a supertest request waits for someone to wait for it. */
const started = <T>(request: PromiseLike<T>): Promise<T> => Promise.resolve(request);

/** Waits until so many of the API's statements wait for a lock. */
const untilWaiting = (count: number) =>
  vi.waitFor(
    async () => {
      const [row] = await api.database.sql<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'dreamjar'
            AND wait_event_type = 'Lock'`,
      );
      expect(row!.waiting).toBe(count);
    },
    { timeout: PATIENCE, interval: 10 },
  );

interface Stored {
  gifts: number;
  total: number;
  ids: number[];
  lastWriterWasGift: boolean;
}

/** What is stored. Each gift rewrites its campaign's row, so the row's `xmin` names whoever committed last. */
async function stored({ id }: TestCampaign): Promise<Stored & { kept: boolean }> {
  const [row] = await api.database.sql<Stored & { kept: boolean }>(
    `SELECT count(d.id)::int AS gifts, coalesce(sum(d.amount), 0)::int AS total,
            coalesce(array_agg(d.id ORDER BY d.id) FILTER (WHERE d.id IS NOT NULL), '{}') AS ids,
            coalesce(bool_or(d.xmin = c.xmin), false) AS "lastWriterWasGift",
            c.total_raised = coalesce(sum(d.amount), 0) AND c.donation_count = count(d.id) AS kept
       FROM campaigns c LEFT JOIN donations d ON d.campaign_id = c.id WHERE c.id = $1 GROUP BY c.id`,
    [id],
  );
  return row!;
}

/** Gives in many lanes at once, guests and parents, each until it is refused or came after the closing. */
function pour(campaign: TestCampaign, donors: TestParent[]) {
  const answers: (Answer & { late: boolean })[] = [];
  const flow = { answers, closed: false, done: Promise.resolve() };
  const lane = async (donor?: TestParent) => {
    for (let status = 201, late = false; status === 201 && !late;) {
      late = flow.closed;
      const answer = await give(campaign, donor);
      ({ status } = answer);
      answers.push({ status, body: answer.body, late });
    }
  };
  const lanes = Array.from({ length: LANES }, (_, n) => lane(donors[n % (donors.length + 1)]));
  flow.done = Promise.all(lanes).then(() => undefined);
  return flow;
}

type Flow = ReturnType<typeof pour>;

const acceptedOf = ({ answers }: Flow) => answers.filter(({ status }) => status === 201);
const untilAccepted = (flow: Flow, count: number) =>
  vi.waitFor(() => expect(acceptedOf(flow).length).toBeGreaterThanOrEqual(count), {
    timeout: PATIENCE,
    interval: 5,
  });
const statusesOf = ({ answers }: Flow) => [...new Set(answers.map(({ status }) => status))].sort();

describe('closing and donating never cross', () => {
  test('gifts that meet a closing wait for it, and are refused once it is committed', async () => {
    const { campaign } = await openJar(api);
    const donor = await registerParent(api);
    await other.query('UPDATE campaigns SET is_open = false WHERE id = $1', [campaign.id]);
    const gifts = [undefined, donor, undefined, donor].map((who) => give(campaign, who));
    await untilWaiting(4);
    await other.query('COMMIT');
    for (const { status, body } of await Promise.all(gifts)) {
      expect({ status, code: body.code }).toEqual({ status: 409, code: 'campaign_closed' });
    }
    expect(await stored(campaign)).toMatchObject({ gifts: 0, total: 0, kept: true });
  });

  test('and are taken if it never happened', async () => {
    const { campaign } = await openJar(api);
    await other.query('UPDATE campaigns SET is_open = false WHERE id = $1', [campaign.id]);
    const gifts = [give(campaign), give(campaign)];
    await untilWaiting(2);
    await other.query('ROLLBACK');
    for (const { status } of await Promise.all(gifts)) expect(status).toBe(201);
    expect(await stored(campaign)).toMatchObject({ gifts: 2, total: 6, kept: true });
  });

  test('gifts that meet a reopening wait for it, and are taken', async () => {
    const { campaign } = await openJar(api, { is_open: false });
    await other.query('UPDATE campaigns SET is_open = true WHERE id = $1', [campaign.id]);
    const gift = give(campaign);
    await untilWaiting(1);
    await other.query('COMMIT');
    expect((await gift).status).toBe(201);
  });

  test('a closing waits for the gift that came first, and its answer counts it', async () => {
    const { campaign, parent } = await openJar(api);
    await other.query(
      `INSERT INTO donations (campaign_id, amount, donor_name, donor_email) VALUES ($1, 9, 'G', 'g@example.org')`,
      [campaign.id],
    );
    const closing = setOpen(campaign, parent, false);
    await untilWaiting(1);
    await other.query('COMMIT');
    expect(await closing).toMatchObject({ is_open: false, total_raised: 9, donation_count: 1 });
    expect(await stored(campaign)).toMatchObject({ lastWriterWasGift: false, gifts: 1 });
  });

  test('hundreds of gifts to several campaigns, and each is closed in the middle, reopened and closed', async () => {
    const jars = await Promise.all([openJar(api), openJar(api), openJar(api)]);
    const donors = await Promise.all([registerParent(api), registerParent(api)]);
    let all = 0;
    await Promise.all(
      jars.map(async ({ campaign, parent }, number) => {
        let before: Stored = await stored(campaign);
        for (const round of [1, 2]) {
          if (round === 2) await setOpen(campaign, parent, true);
          const flow = pour(campaign, [...donors, parent]);
          await untilAccepted(flow, 40 + 20 * number);
          const closed = await setOpen(campaign, parent, false);
          flow.closed = true;
          const atClosing = await stored(campaign);
          await flow.done;
          const after = await stored(campaign);
          const accepted = acceptedOf(flow);
          all += accepted.length;

          expect(statusesOf(flow)).toEqual([201, 409]);
          expect(accepted.filter(({ late }) => late)).toEqual([]);
          expect(after).toEqual(atClosing);
          expect(after).toMatchObject({ kept: true, lastWriterWasGift: false });
          expect(closed).toMatchObject({ donation_count: after.gifts, total_raised: after.total });
          const ids = [...before.ids, ...accepted.map(({ body }) => body.id!)].sort(
            (a, b) => a - b,
          );
          expect(after.ids).toEqual(ids);
          before = after;
        }
      }),
    );
    expect(all).toBeGreaterThan(300);
  });
});

describe('deleting and donating', () => {
  const deletions = {
    campaign: ({ campaign }: { campaign: TestCampaign }) => `/campaigns/${campaign.id}/`,
    child: ({ child }: { child: { id: number } }) => `/children/${child.id}/`,
    parent: () => '/parents/me/',
  };

  test.each(Object.entries(deletions))(
    'no gift is lost when the %s is deleted meanwhile',
    async (what, pathOf) => {
      const jar = await openJar(api);
      const donor = await registerParent(api);
      const { access } = jar.parent;
      const flow = pour(jar.campaign, what === 'campaign' ? [donor, jar.parent] : [donor]);
      await untilAccepted(flow, 20);
      if (what !== 'campaign') {
        await api.delete(pathOf(jar as never), access).expect(409);
        await setOpen(jar.campaign, jar.parent, false);
      }
      await api.delete(pathOf(jar as never), access).expect(204);
      await flow.done;
      expect(statusesOf(flow).filter((status) => ![201, 404, 409].includes(status))).toEqual([]);
      const ids = acceptedOf(flow).map(({ body }) => body.id!);
      const rows = await api.database.sql<{ campaign_id: null }>(
        'SELECT campaign_id FROM donations WHERE id = ANY($1)',
        [ids],
      );
      expect(rows).toEqual(ids.map(() => ({ campaign_id: null })));
    },
  );

  test('no gift is lost when the donor is deleted meanwhile', async () => {
    const jar = await openJar(api);
    const donor = await registerParent(api);
    const flow = pour(jar.campaign, [donor]);
    await untilAccepted(flow, 20);
    await api.delete('/parents/me/', donor.access).expect(204);
    await setOpen(jar.campaign, jar.parent, false);
    await flow.done;
    expect(statusesOf(flow)).toEqual([201, 401, 409]);
    const after = await stored(jar.campaign);
    expect(after.ids).toEqual(
      acceptedOf(flow)
        .map(({ body }) => body.id!)
        .sort((a, b) => a - b),
    );
    expect(after.kept).toBe(true);
  });

  test('a parent’s own gift and the end of the account wait in line, not for each other', async () => {
    const { campaign, parent } = await openJar(api);
    await other.query('SELECT FROM campaigns WHERE id = $1 FOR UPDATE', [campaign.id]);
    const gift = give(campaign, parent);
    await untilWaiting(1);
    // The gift that waits for its campaign holds its donor already, as the end of the account wants to.
    const free = await other.query('SELECT id FROM parents WHERE id = $1 FOR UPDATE SKIP LOCKED', [
      parent.id,
    ]);
    expect(free.rows).toEqual([]);
    const deletion = started(api.delete('/parents/me/', parent.access));
    await untilWaiting(2);
    await other.query('COMMIT');
    expect((await gift).status).toBe(201);
    expect((await deletion).status).toBe(409);
    expect(await stored(campaign)).toMatchObject({ gifts: 1, kept: true });
  });
});
