import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { registry } from '../src/observability/metrics.js';
import { DEFAULT_LIMITS } from '../src/config/limit-figures.js';
import { useApi } from './support/api.js';
import { guestGift, openJar, type TestCampaign } from './support/factories.js';
import { outboxEmpty } from './support/outbox.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const PER_HOUR = 2;
const PER_DAY = 3;

const mailboxes = { per: ['client address' as const], mailboxes: 'donor_email' as const };
const rules = [
  { ...mailboxes, max: PER_HOUR, seconds: HOUR },
  { ...mailboxes, max: PER_DAY, seconds: DAY },
];
const donate = { calls: DEFAULT_LIMITS.donate.calls, rules };
const api = useApi({ rateLimit: true, trustProxy: 1, limits: { donate } });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  // Windows begin with the hour and the day.
  vi.setSystemTime(Math.ceil(Date.now() / (DAY * 1000)) * DAY * 1000);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Gives as a guest from an address; gives the mails that this caused. */
async function giveFrom(address: string, campaign: TestCampaign, name: string): Promise<string[]> {
  const gift = guestGift({ donor_email: name.includes('@') ? name : `${name}@example.org` });
  const giving = api.post(`/campaigns/${campaign.id}/donations/`, gift);
  const { body } = await giving.set('X-Forwarded-For', address).expect(201);
  return mailsAbout(body.id);
}

async function mailsAbout(donation: number): Promise<string[]> {
  await outboxEmpty(api.database);
  const jobs = await api.database.sql<{ mail: string }>(
    `SELECT payload->>'mail' AS mail FROM graphile_worker._private_jobs
      WHERE (payload->>'donationId')::int = $1 ORDER BY 1`,
    [donation],
  );
  return jobs.map(({ mail }) => mail);
}

async function withheld(): Promise<number> {
  const { values } = await registry.getSingleMetric('receipts_withheld_total')!.get();
  return values[0]!.value;
}

const BOTH = ['gift_notice', 'gift_receipt'];
const NOTICE_ALONE = ['gift_notice'];

test('guests of one network name so many mailboxes an hour and a day; beyond that they give without a receipt by mail', async () => {
  const before = await withheld();
  const { campaign } = await openJar(api);
  const give = (name: string) => giveFrom('198.51.100.1', campaign, name);
  expect(await give('ann')).toEqual(BOTH);
  expect(await give('ben')).toEqual(BOTH);
  expect(await give('cat')).toEqual(NOTICE_ALONE);
  // Whoever was named already may be named again, however the address is written.
  expect(await give('ANN+again')).toEqual(BOTH);
  expect(await giveFrom('198.51.100.2', campaign, 'cat')).toEqual(BOTH);

  const { body } = await api.get(`/campaigns/${campaign.id}/`).expect(200);
  expect(body.donation_count).toBe(5);
  expect(await withheld()).toBe(before + 1);

  vi.setSystemTime(Date.now() + HOUR * 1000);
  expect(await give('cat')).toEqual(BOTH);
  expect(await give('dan')).toEqual(NOTICE_ALONE);
  vi.setSystemTime(Date.now() + DAY * 1000);
  expect(await give('dan')).toEqual(BOTH);
});

test('neither the table of counts nor the log names a donor or a network', async () => {
  const { campaign } = await openJar(api);
  for (const name of ['zz-one', 'zz-two', 'zz-three'])
    await giveFrom('198.51.100.3', campaign, name);
  expect(api.logged.join('')).toContain('a receipt is not mailed');
  expect(api.logged.join('')).not.toContain('zz-');
  const keys = await api.database.sql<{ key: string }>(
    `SELECT key FROM rate_limits WHERE key LIKE 'mailbox%'`,
  );
  expect(keys.length).toBeGreaterThan(0);
  for (const { key } of keys) expect(key).toMatch(/^mailbox(es)?:[\w-]{43}$/);
});

test('an IPv6 network is its /64, and a /48 may name eight times as many', async () => {
  const { campaign } = await openJar(api);
  const give = (network: number, name: string) =>
    giveFrom(`2001:db8:7:${network}::${name.length}`, campaign, name);
  for (let network = 1; network <= 8; network += 1) {
    expect(await give(network, `a${network}`)).toEqual(BOTH);
    expect(await give(network, `b-${network}`)).toEqual(BOTH);
  }
  expect(await give(1, 'one-more')).toEqual(NOTICE_ALONE);
  expect(await give(9, 'c')).toEqual(NOTICE_ALONE);
});

test('parents name nobody: their own address is the one that is mailed to', async () => {
  const { parent, campaign } = await openJar(api);
  for (let count = 0; count <= PER_DAY; count += 1) {
    const gift = { amount: 5, donor_email: `friend-${count}@example.org` };
    const giving = api.post(`/campaigns/${campaign.id}/donations/`, gift, parent.access);
    const { body } = await giving.set('X-Forwarded-For', '198.51.100.4').expect(201);
    expect(await mailsAbout(body.id)).toEqual(BOTH);
  }
});
