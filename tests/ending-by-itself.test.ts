import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SCHEDULE } from '../src/jobs/tasks.js';
import { createTasks } from '../src/jobs/tasks.js';
import { useApi } from './support/api.js';
import {
  addChild,
  guestGift,
  openCampaign,
  openJar,
  registerParent,
  type TestCampaign,
  type TestChild,
  type TestParent,
} from './support/factories.js';
import { MAIL_FROM, SETTINGS } from './support/worker.js';

const NOW = new Date('2030-06-15T12:00:00.000Z');
const DEADLINE = '2030-06-15T12:30:00.000Z';
const LATER = '2030-06-20T12:00:00.000Z';

const api = useApi();
let parent: TestParent;
let child: TestChild;

beforeAll(async () => {
  api.clock.now = NOW;
  parent = await registerParent(api);
});

beforeEach(async () => {
  api.clock.now = NOW;
  child = await addChild(api, parent, { date_of_birth: '2024-01-01' });
});

afterEach(() => {
  api.clock.now = NOW;
});

const open = (fields: object) => openCampaign(api, parent, child, fields);
const give = ({ id }: TestCampaign, amount = 5) =>
  api.post(`/campaigns/${id}/donations/`, guestGift({ amount }));
const change = ({ id }: TestCampaign, fields: object) =>
  api.patch(`/campaigns/${id}/`, fields, parent.access);
const refund = (gift: number, amount: number) =>
  api.post(`/donations/${gift}/refunds/`, { amount }, parent.access).expect(201);
const show = async ({ id }: TestCampaign, token?: string) =>
  (await api.get(`/campaigns/${id}/`, token).expect(200)).body as Record<string, unknown>;
const stored = async ({ id }: TestCampaign) => {
  const [row] = await api.database.sql<{ isOpen: boolean; gifts: number[] }>(
    `SELECT is_open AS "isOpen",
            array(SELECT amount FROM donations WHERE campaign_id = c.id ORDER BY id) AS gifts
       FROM campaigns c WHERE id = $1`,
    [id],
  );
  return row!;
};

/** What everyone who may look at it says of whether it is open. */
async function seenOpen(campaign: TestCampaign): Promise<boolean[]> {
  const isIt = ({ id }: { id: number }) => id === campaign.id;
  const browsed = await api.get('/campaigns/?page_size=100').expect(200);
  const listed = await api.get(`/children/${child.id}/campaigns/`, parent.access).expect(200);
  const dashboard = await api.get('/parents/me/', parent.access).expect(200);
  const children = dashboard.body.children as { campaigns: { id: number; is_open: boolean }[] }[];
  return [
    (await show(campaign))['is_open'] as boolean,
    (await show(campaign, parent.access))['is_open'] as boolean,
    (browsed.body as { id: number }[]).some(isIt),
    (listed.body as { id: number; is_open: boolean }[]).find(isIt)!.is_open,
    children.flatMap(({ campaigns }) => campaigns).find(isIt)!.is_open,
  ];
}

const OPEN = [true, true, true, true, true];
const CLOSED = OPEN.map(() => false);

function pass(deadline: string): void {
  api.clock.now = new Date(deadline);
}

/** Does what the worker does each minute. */
async function work(): Promise<void> {
  const context = () => ({ now: api.clock.now!, db: api.db, log: api.log, settings: SETTINGS });
  const mailer = { send: () => Promise.reject(new Error('no mail is sent')) };
  const tasks = createTasks({ mailer, context, from: MAIL_FROM } as never);
  await tasks['close_ended_campaigns']!({}, {} as never);
}

describe('the wish', () => {
  test('is in the owner’s form and not in the public one; the default is no', async () => {
    const plain = await open({});
    const wished = await open({ close_at_deadline: true, close_when_funded: true });
    expect(plain).toMatchObject({ close_at_deadline: false, close_when_funded: false });
    expect(wished).toMatchObject({ close_at_deadline: true, close_when_funded: true });
    expect(await show(wished, parent.access)).toMatchObject({
      close_at_deadline: true,
      close_when_funded: true,
    });
    const shown = await show(wished);
    expect(shown).not.toHaveProperty('close_at_deadline');
    expect(shown).not.toHaveProperty('close_when_funded');
  });

  test('can be changed, and stays when it is not named', async () => {
    const campaign = await open({ close_when_funded: true });
    const changed = await change(campaign, { close_at_deadline: true }).expect(200);
    expect(changed.body).toMatchObject({ close_at_deadline: true, close_when_funded: true });
    const back = await change(campaign, { close_when_funded: false }).expect(200);
    expect(back.body).toMatchObject({ close_at_deadline: true, close_when_funded: false });
  });

  test.each(['true', 1, null])('%j is none', async (flag) => {
    const campaign = await open({});
    const { body } = await change(campaign, {
      close_at_deadline: flag,
      close_when_funded: flag,
    }).expect(400);
    expect(Object.keys(body)).toEqual(['close_at_deadline', 'close_when_funded']);
  });

  test('without it nothing closes, neither at the deadline nor with the goal', async () => {
    const campaign = await open({ goal: 10, deadline: DEADLINE });
    await give(campaign, 25).expect(201);
    pass(DEADLINE);
    await work();
    await give(campaign).expect(201);
    expect(await seenOpen(campaign)).toEqual(OPEN);
    expect((await show(campaign))['is_expired']).toBe(true);
  });
});

describe('with the goal', () => {
  test('the gift that crosses it is accepted and closes', async () => {
    const campaign = await open({ goal: 100, close_when_funded: true });
    await give(campaign, 99).expect(201);
    expect(await seenOpen(campaign)).toEqual(OPEN);
    await give(campaign, 50).expect(201);
    expect(await seenOpen(campaign)).toEqual(CLOSED);
    expect(await show(campaign)).toMatchObject({ total_raised: 149, percentage_raised: 149 });
    expect((await give(campaign).expect(409)).body.code).toBe('campaign_closed');
  });

  test('so is one that meets it exactly', async () => {
    const campaign = await open({ goal: 100, close_when_funded: true });
    await give(campaign, 100).expect(201);
    expect((await stored(campaign)).isOpen).toBe(false);
  });

  test.each([10, 30, 7])('of 20 parallel gifts of %i none is stored after it', async (amount) => {
    const campaign = await open({ goal: 100, close_when_funded: true });
    const gifts = Array.from({ length: 20 }, async () => (await give(campaign, amount)).status);
    const statuses = await Promise.all(gifts);
    const needed = Math.ceil(100 / amount);
    expect(statuses.filter((status) => status === 201)).toHaveLength(needed);
    expect(statuses.filter((status) => status === 409)).toHaveLength(20 - needed);
    expect(await stored(campaign)).toEqual({
      isOpen: false,
      gifts: Array.from({ length: needed }, () => amount),
    });
    expect(await show(campaign)).toMatchObject({
      total_raised: needed * amount,
      donation_count: needed,
    });
  });

  test('cents that went back count: 99.50 is not yet 100', async () => {
    const campaign = await open({ goal: 100, close_when_funded: true });
    const { body } = await give(campaign, 90).expect(201);
    await api.database.sql(
      `INSERT INTO refunds (donation_id, amount, status) VALUES ($1, 50, 'succeeded')`,
      [body.id],
    );
    await give(campaign, 10).expect(201);
    expect((await stored(campaign)).isOpen).toBe(true);
    await give(campaign, 1).expect(201);
    expect((await stored(campaign)).isOpen).toBe(false);
  });

  test('refunds below the goal don’t reopen it, but then the owner may', async () => {
    const campaign = await open({ goal: 100, close_when_funded: true });
    const { body } = await give(campaign, 100).expect(201);
    await refund(body.id as number, 40);
    expect(await seenOpen(campaign)).toEqual(CLOSED);
    await give(campaign).expect(409);
    await change(campaign, { is_open: true }).expect(200);
    await give(campaign, 40).expect(201);
    expect(await seenOpen(campaign)).toEqual(CLOSED);
  });

  test('it is not opened against its wish', async () => {
    const campaign = await open({ goal: 100, close_when_funded: true });
    await give(campaign, 100).expect(201);
    const refused = await change(campaign, { is_open: true }).expect(400);
    expect(refused.body).toEqual({ is_open: [expect.stringContaining('close_when_funded')] });
    await change(campaign, { is_open: true, goal: 100 }).expect(400);
    expect((await change(campaign, { goal: 200 }).expect(200)).body.is_open).toBe(false);
    expect((await change(campaign, { is_open: true }).expect(200)).body.is_open).toBe(true);
  });

  test.each([{ goal: 200 }, { close_when_funded: false }])(
    'it is opened together with %j',
    async (fields) => {
      const campaign = await open({ goal: 100, close_when_funded: true });
      await give(campaign, 100).expect(201);
      const { body } = await change(campaign, { is_open: true, ...fields }).expect(200);
      expect(body.is_open).toBe(true);
      await give(campaign).expect(201);
    },
  );

  test.each([
    [{ goal: 200 }, { close_when_funded: true, goal: 100 }],
    [{ goal: 100 }, { close_when_funded: true }],
    [{ goal: 100 }, { is_open: true, close_when_funded: true }],
    [{ goal: 200, close_when_funded: true }, { goal: 100 }],
  ])('one of %j that is changed by %j when all is there closes at once', async (before, after) => {
    const campaign = await open(before);
    await give(campaign, 100).expect(201);
    expect((await change(campaign, after).expect(200)).body.is_open).toBe(false);
    await give(campaign).expect(409);
  });
});

describe('at the deadline', () => {
  const ending = (fields: object = {}) =>
    open({ deadline: DEADLINE, close_at_deadline: true, ...fields });

  test('it is open until then, and closed from then on for everyone', async () => {
    const campaign = await ending();
    pass('2030-06-15T12:29:59.999Z');
    expect(await seenOpen(campaign)).toEqual(OPEN);
    await give(campaign).expect(201);
    pass(DEADLINE);
    expect(await seenOpen(campaign)).toEqual(CLOSED);
    expect((await give(campaign).expect(409)).body.code).toBe('campaign_closed');
    expect(await stored(campaign)).toMatchObject({ gifts: [5] });
  });

  test.each(['newest', 'most_funded', 'closest_to_goal', 'ending_soon'])(
    'browsing by %s leaves it out',
    async (sort) => {
      const campaign = await ending();
      pass(DEADLINE);
      const { body } = await api.get(`/campaigns/?sort=${sort}&page_size=100`).expect(200);
      expect((body as { id: number }[]).map(({ id }) => id)).not.toContain(campaign.id);
    },
  );

  test('the child can then be deleted, and not before', async () => {
    await ending();
    await api.delete(`/children/${child.id}/`, parent.access).expect(409);
    pass(DEADLINE);
    await api.delete(`/children/${child.id}/`, parent.access).expect(204);
  });

  test('and so can the account', async () => {
    const jar = await openJar(api, { deadline: DEADLINE, close_at_deadline: true });
    await api.delete('/parents/me/', jar.parent.access).expect(409);
    pass(DEADLINE);
    const { access, password } = jar.parent;
    await api.delete('/parents/me/', access).send({ current_password: password }).expect(204);
  });

  test.each([
    { deadline: LATER },
    { has_deadline: false },
    { close_at_deadline: false },
    { title: 'Another title' },
  ])('changing %j alone does not reopen it', async (fields) => {
    const campaign = await ending();
    pass(DEADLINE);
    expect((await change(campaign, fields).expect(200)).body.is_open).toBe(false);
    expect(await seenOpen(campaign)).toEqual(CLOSED);
    await give(campaign).expect(409);
  });

  test('it is not opened against its wish', async () => {
    const campaign = await ending();
    pass(DEADLINE);
    const { body } = await change(campaign, { is_open: true }).expect(400);
    expect(body).toEqual({ is_open: [expect.stringContaining('close_at_deadline')] });
    await change(campaign, { is_open: true, deadline: DEADLINE }).expect(400);
    expect(await seenOpen(campaign)).toEqual(CLOSED);
  });

  test.each([{ deadline: LATER }, { has_deadline: false }, { close_at_deadline: false }])(
    'it is opened together with %j',
    async (fields) => {
      const campaign = await ending();
      pass(DEADLINE);
      await change(campaign, { is_open: true, ...fields }).expect(200);
      expect(await seenOpen(campaign)).toEqual(OPEN);
      await give(campaign).expect(201);
    },
  );

  test('a wish that comes after the deadline closes it at once', async () => {
    const campaign = await open({ deadline: DEADLINE });
    pass(DEADLINE);
    await give(campaign).expect(201);
    const { body } = await change(campaign, { close_at_deadline: true }).expect(200);
    expect(body.is_open).toBe(false);
    await give(campaign).expect(409);
    expect((await change(campaign, { deadline: LATER }).expect(200)).body.is_open).toBe(false);
  });

  test('without a deadline the wish closes nothing', async () => {
    const campaign = await open({ close_at_deadline: true });
    await work();
    expect(await seenOpen(campaign)).toEqual(OPEN);
  });
});

describe('the worker', () => {
  test('closes each minute what has ended, and nothing else', async () => {
    const wished = { deadline: DEADLINE, close_at_deadline: true };
    const ended = await open(wished);
    const others = [
      await open({ ...wished, deadline: '2030-06-15T12:30:00.001Z' }),
      await open({ deadline: DEADLINE }),
      await open({ close_at_deadline: true }),
    ];
    await work();
    expect((await stored(ended)).isOpen).toBe(true);
    pass(DEADLINE);
    await work();
    expect((await stored(ended)).isOpen).toBe(false);
    for (const other of others) expect((await stored(other)).isOpen).toBe(true);
    expect(SCHEDULE.map(({ task }) => task)).toContain('close_ended_campaigns');
  });

  test('what it has closed is as closed as before', async () => {
    const campaign = await open({ deadline: DEADLINE, close_at_deadline: true });
    pass(DEADLINE);
    await work();
    expect(await seenOpen(campaign)).toEqual(CLOSED);
    await change(campaign, { is_open: true }).expect(400);
    expect((await change(campaign, { deadline: LATER }).expect(200)).body.is_open).toBe(false);
    await change(campaign, { is_open: true }).expect(200);
    await work();
    expect(await seenOpen(campaign)).toEqual(OPEN);
  });
});
