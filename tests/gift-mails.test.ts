import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { enqueueGiftMails, type GiftMail } from '../src/database/enqueue.js';
import { settleCheckout } from '../src/features/giving/payments/settlement.service.js';
import { startWorker } from '../src/jobs/worker.js';
import { useApi } from './support/api.js';
import {
  addChild,
  donate,
  openCampaign,
  openJar as openUnverifiedJar,
  registerParent,
  type TestCampaign,
} from './support/factories.js';
import { headerOf, openSmtp, partsOf, type ReceivedMail, type TestSmtp } from './support/smtp.js';
import { MAIL_FROM, SETTINGS } from './support/worker.js';
import { outboxEmpty } from './support/outbox.js';

const SUBJECTS = {
  receipt: 'Thank you for your gift',
  notice: 'A gift for your DreamJar',
  returned: 'Your gift goes back to you',
};

const api = useApi();
let smtp: TestSmtp;

beforeAll(async () => {
  smtp = await openSmtp();
});
afterAll(() => smtp.close());
afterEach(() => {
  smtp.taken.splice(0);
});

interface GiftMailSent {
  raw: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
}

/** Has a worker do all that waits, and gives the mails about gifts in the order of their subjects. */
async function deliver(settings: object = {}): Promise<GiftMailSent[]> {
  const worker = startWorker({
    config: { mail: { smtpUrl: smtp.url, from: MAIL_FROM }, dataDir: '/nowhere' },
    settings: { ...SETTINGS, ...settings },
    databaseUrl: api.database.url,
    db: api.db,
    log: api.log,
    schedule: [],
  });
  const waiting = () =>
    api.database.sql(
      'SELECT last_error FROM graphile_worker.jobs UNION ALL SELECT kind FROM outbox',
    );
  await expect.poll(waiting).toEqual([]);
  await worker.stop();
  const about = smtp.taken.splice(0).map(readMail);
  return about
    .filter(({ subject }) => Object.values(SUBJECTS).includes(subject))
    .sort((one, other) => other.subject.localeCompare(one.subject));
}

function readMail({ raw, to }: ReceivedMail): GiftMailSent {
  const { text, html } = partsOf(raw);
  const lines = text.replaceAll('\r\n', '\n').replaceAll('\u00a0', ' ');
  return { raw, to, subject: headerOf(raw, 'Subject') ?? '', text: lines, html };
}

/** The only link of a mail, if it has one. */
function linkIn({ text, html }: GiftMailSent): string | undefined {
  const [link, ...more] = text.match(/https?:\S+/g) ?? [];
  expect(more).toEqual([]);
  expect(html.match(/(?<=href=")[^"]*/g) ?? []).toEqual(link === undefined ? [] : [link]);
  return link;
}

function expectUntold({ raw, text, html }: GiftMailSent, ...secrets: string[]): void {
  for (const secret of secrets)
    for (const part of [raw, text, html])
      expect(part.toLowerCase()).not.toContain(secret.toLowerCase());
}

/** A campaign whose parent has proven to read the own address. */
async function openJar(...values: Partial<Parameters<typeof openUnverifiedJar>>) {
  const jar = await openUnverifiedJar(values[0] ?? api, values[1]);
  await verify(jar.parent);
  return jar;
}

const verify = ({ id }: { id: number }) =>
  api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [id]);

/** Enqueues mails, and waits until they are jobs. */
async function enqueue(id: number, mails: GiftMail[]): Promise<void> {
  await api.db.transaction((tx) => enqueueGiftMails(tx, id, mails));
  await outboxEmpty(api.database);
}

describe('a pledge', () => {
  test('of a guest brings one mail to the guest and one to the parent', async () => {
    const { parent, campaign } = await openJar(api);
    const { id } = await donate(api, campaign, { comment: 'zz-comment' });
    const mails = await deliver();
    expect(mails.map(({ to, subject }) => [...to, subject])).toEqual([
      ['kate@example.org', SUBJECTS.receipt],
      [parent.email, SUBJECTS.notice],
    ]);
    const [receipt, notice] = mails as [GiftMailSent, GiftMailSent];

    const { pathname, search, origin } = new URL(linkIn(receipt)!);
    expect([origin, pathname]).toEqual([SETTINGS.publicUrl, `/donations/${id}/receipt/`]);
    const { body } = await api.get(pathname + search).expect(200);
    expect(receipt.text).toContain('Hello,');
    expect(receipt.text).toContain(`USD 25 to "${campaign.title}" for Mia`);
    expect(receipt.text).toContain(body.number);
    expectUntold(receipt, 'Sommer', parent.email, parent.username);

    expect(notice.text).toContain(`"Aunt Kate" gave USD 25 to "${campaign.title}".`);
    expect(notice.text).not.toContain('nonymous');
    expect(linkIn(notice)).toBeUndefined();
    expectUntold(notice, 'kate@example.org', 'kate@', 'zz-comment', '/receipt/');
  });

  test('of a parent goes to the address of today, and never shows it to the other', async () => {
    const { parent, campaign } = await openJar(api);
    const donor = await registerParent(api, { first_name: 'Dora', last_name: 'Private' });
    const { id } = await donate(api, campaign, { donor_name: 'The Millers' }, donor);
    await verify(donor);
    const address = `Today.${donor.email}`;
    await api.database.sql('UPDATE parents SET email = $1 WHERE id = $2', [address, donor.id]);
    const [receipt, notice] = (await deliver()) as [GiftMailSent, GiftMailSent];
    expect([receipt.to, notice.to]).toEqual([[address], [parent.email]]);
    expect(receipt.text).toContain('Hello Dora,');
    expect(notice.text).toContain('"The Millers" gave');
    expectUntold(notice, address, donor.email, donor.username, 'Private', 'Dora');
    const { pathname, search } = new URL(linkIn(receipt)!);
    expect((await api.get(pathname + search).expect(200)).body.donation).toBe(id);
  });

  test('that is anonymous tells the parent who gave, and what the public sees', async () => {
    const { campaign } = await openJar(api);
    await donate(api, campaign, { anonymous: true });
    const [, notice] = await deliver();
    expect(notice!.text).toContain('"Aunt Kate" gave');
    expect(notice!.text).toContain('the public sees "Anonymous"');
    expectUntold(notice!, 'kate@example.org');
  });

  test('brings no second mail where it is told twice', async () => {
    const { campaign } = await openJar(api);
    const { id } = await donate(api, campaign);
    await enqueue(id, ['gift_receipt', 'gift_notice']);
    expect(await deliver()).toHaveLength(2);
  });

  test('brings no link where our own address is not known', async () => {
    const { campaign } = await openJar(api);
    await donate(api, campaign);
    const [receipt] = await deliver({ publicUrl: undefined });
    expect(linkIn(receipt!)).toBeUndefined();
    expect(receipt!.text).toMatch(/DJ-\d{4}-\d{8}/);
    expectUntold(receipt!, 'token', 'undefined');
  });
});

describe("other people's words", () => {
  test('are text and nothing else', async () => {
    const parent = await registerParent(api, { first_name: '<s>Nora</s>' });
    await verify(parent);
    const child = await addChild(api, parent, { name: '<u>Mia Sommer' });
    const title = `<b onclick='x'>Boots</b> & "more"`;
    const campaign = await openCampaign(api, parent, child, { title });
    await donate(api, campaign, { donor_name: '<i>Kate</i>' });
    const mails = await deliver();
    expect(mails).toHaveLength(2);
    for (const { html, text } of mails) {
      expect(html).not.toMatch(/<[bisu]\b|'x'/);
      expect(html).toContain(
        '&quot;&lt;b onclick=&#39;x&#39;&gt;Boots&lt;/b&gt; &amp; &quot;more&quot;&quot;',
      );
      expect(text).toContain(`"${title}"`);
    }
    expect(mails[0]!.html).toContain('for &lt;u&gt;Mia');
  });

  test('open nothing, greet nobody and break no line', async () => {
    const parent = await registerParent(api);
    await verify(parent);
    const child = await addChild(api, parent, { name: 'https://evil.example/mia Sommer' });
    const title = 'Buy\u2028at \u202Eevil.example';
    const campaign = await openCampaign(api, parent, child, { title });
    await donate(api, campaign, { donor_name: 'Win at evil.example' });
    const [receipt, notice] = (await deliver()) as [GiftMailSent, GiftMailSent];
    expect(receipt.text).toMatch(/^Hello,\n/);
    expect(receipt.text).toContain('to "Buy at evil. example" has arrived');
    expect(linkIn(receipt)).toMatch(/^https:\/\/api\.dreamjar\.example\//);
    expect(notice.text).toContain('"Win at evil. example" gave USD 25 to "Buy at evil. example".');
    expect(linkIn(notice)).toBeUndefined();
  });
});

describe('before the mail is written', () => {
  test('a donor who was erased gets none, and the parent hears of a former member', async () => {
    const { parent, campaign } = await openJar(api);
    const donor = await registerParent(api);
    await donate(api, campaign, { donor_name: 'zz-name' }, donor);
    await api.delete('/parents/me/', donor.access).expect(204);
    const mails = await deliver();
    expect(mails.map(({ to }) => to)).toEqual([[parent.email]]);
    expect(mails[0]!.text).toContain('"Former member" gave');
    expectUntold(mails[0]!, 'zz-name', donor.email);
  });

  test('a campaign that was deleted brings the parent none, and the donor a receipt without it', async () => {
    const { parent, campaign } = await openJar(api);
    await donate(api, campaign);
    await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
    const mails = await deliver();
    expect(mails.map(({ to }) => to)).toEqual([['kate@example.org']]);
    expect(mails[0]!.text).toContain('to "Deleted DreamJar" has arrived');
    expectUntold(mails[0]!, campaign.title, 'Mia');
  });

  test('an account that was erased is told nothing', async () => {
    const { parent, campaign } = await openJar(api);
    await donate(api, campaign);
    await api.put(`/campaigns/${campaign.id}/`, { is_open: false }, parent.access).expect(200);
    await api.delete('/parents/me/', parent.access).expect(204);
    expect((await deliver()).map(({ to }) => to)).toEqual([['kate@example.org']]);
  });

  test('a gift of which nothing is left brings no mail, one of which something is left brings both', async () => {
    const { parent, campaign } = await openJar(api);
    const [whole, part] = [
      await donate(api, campaign),
      await donate(api, campaign, { amount: 40 }),
    ];
    await api.post(`/donations/${whole.id}/refunds/`, {}, parent.access).expect(201);
    await api.post(`/donations/${part.id}/refunds/`, { amount: 39 }, parent.access).expect(201);
    const mails = await deliver();
    expect(mails.map(({ subject }) => subject)).toEqual([SUBJECTS.receipt, SUBJECTS.notice]);
    for (const { text } of mails) expect(text).toContain('USD 40');
  });

  test.each(['pending', 'failed', 'expired'])('a gift that is %s brings none', async (status) => {
    const { campaign } = await openJar(api);
    const id = await beginGift(campaign, status);
    await enqueue(id, ['gift_receipt', 'gift_notice']);
    expect(await deliver()).toEqual([]);
  });
});

describe('mails that anyone can cause', () => {
  const budget = { mailBudget: { perHour: 3, perDay: 5, reservePerHour: 0 } };
  const to = (mails: GiftMailSent[]) => mails.map((mail) => mail.to[0]);

  test('come to one mailbox so often an hour, however it is spelled, and to others all the same', async () => {
    const { parent, campaign } = await openJar();
    const spellings = ['aunt@example.org', 'Aunt+1@example.org', 'AUNT+x@EXAMPLE.org'];
    for (const donor_email of [...spellings, 'aunt+y@example.org', 'uncle@example.org'])
      await donate(api, campaign, { donor_email });
    const mails = to(await deliver(budget));
    expect(mails.filter((address) => address?.toLowerCase().startsWith('aunt'))).toHaveLength(3);
    expect(mails).toContain('uncle@example.org');
    // The parent is a mailbox like any other.
    expect(mails.filter((address) => address === parent.email)).toHaveLength(3);
  });

  test('are told apart from those of a payment that goes back', async () => {
    const { campaign } = await openJar();
    const gifts = [];
    for (let count = 0; count < 4; count += 1)
      gifts.push(await donate(api, campaign, { donor_email: 'returned@example.org' }));
    await deliver(budget);
    await enqueue(gifts[0]!.id, ['gift_receipt', 'gift_returned']);
    expect((await deliver(budget)).map((mail) => [...mail.to, mail.subject])).toEqual([
      ['returned@example.org', SUBJECTS.returned],
    ]);
  });

  test('do not reach a parent who has not proven to read the address', async () => {
    const { campaign } = await openUnverifiedJar(api);
    await donate(api, campaign, { donor_email: 'kind@example.org' });
    expect(to(await deliver())).toEqual(['kind@example.org']);
  });

  test('bring strangers no words of people who have proven no address', async () => {
    const jar = await openUnverifiedJar(api, { title: 'Cheap pills' });
    await donate(api, jar.campaign, { donor_email: 'a@example.org', donor_name: 'Buy now' });
    const [mail] = await deliver();
    expectUntold(mail!, 'Cheap pills', 'Buy now', 'Mia');
    expect(mail!.text).toContain('Hello,\n\nThank you! Your gift of USD 25 has arrived.');

    const donor = await registerParent(api, { first_name: 'Dora' });
    await verify(donor);
    await donate(api, jar.campaign, {}, donor);
    const [own] = await deliver();
    expect(own!.text).toContain('Hello Dora,');
    expect(own!.text).toContain('"Cheap pills" for Mia has arrived');
  });
});

describe('a payment', () => {
  test('that comes while the campaign takes gifts brings receipt and notice, once', async () => {
    const { parent, campaign } = await openJar(api);
    const id = await beginGift(campaign, 'pending');
    expect(await deliver()).toEqual([]);
    await pay(id);
    await pay(id);
    const mails = await deliver();
    expect(mails.map(({ to, subject }) => [...to, subject])).toEqual([
      ['kate@example.org', SUBJECTS.receipt],
      [parent.email, SUBJECTS.notice],
    ]);
    await pay(id);
    expect(await deliver()).toEqual([]);
  });

  test('that comes too late brings the donor alone the news that it goes back', async () => {
    const { parent, campaign } = await openJar(api);
    const id = await beginGift(campaign, 'pending');
    await api.put(`/campaigns/${campaign.id}/`, { is_open: false }, parent.access).expect(200);
    await pay(id);
    await pay(id);
    const mails = await deliver();
    expect(mails.map(({ to, subject }) => [...to, subject])).toEqual([
      ['kate@example.org', SUBJECTS.returned],
    ]);
    const { text } = mails[0]!;
    expect(text).toContain('Hello,');
    expect(text).toContain(`USD 25 to "${campaign.title}"`);
    expect(text).toMatch(/had already closed[^]*whole amount goes back[^]*a few days/);
    expect(linkIn(mails[0]!)).toBeUndefined();
  });

  test('that comes after its donor was erased brings nobody a mail', async () => {
    const { campaign } = await openJar(api);
    const donor = await registerParent(api);
    const { id } = await donate(api, campaign, {}, donor);
    await deliver();
    await api.delete('/parents/me/', donor.access).expect(204);
    await enqueue(id, ['gift_returned']);
    expect(await deliver()).toEqual([]);
  });
});

test('a mail that fails names nobody in the log or in the queue', async () => {
  const { campaign } = await openJar(api);
  await donate(api, campaign, { donor_name: 'zz-donor', donor_email: 'zz-address@example.org' });
  smtp.receive = ({ to: [to] }) => {
    throw Object.assign(new Error(`not now, ${to!}`), { responseCode: 450 });
  };
  await outboxEmpty(api.database);
  await api.database.sql('UPDATE graphile_worker._private_jobs SET max_attempts = 1');
  const worker = startWorker({
    config: { mail: { smtpUrl: smtp.url, from: MAIL_FROM }, dataDir: '/nowhere' },
    settings: SETTINGS,
    databaseUrl: api.database.url,
    db: api.db,
    log: api.log,
    schedule: [],
  });
  const jobs = () =>
    api.database.sql<{ tried: boolean; row: string }>(
      'SELECT attempts > 0 AND locked_at IS NULL AS tried, j::text AS row FROM graphile_worker._private_jobs j',
    );
  await expect.poll(async () => (await jobs()).every(({ tried }) => tried)).toBe(true);
  await worker.stop();
  const queue = (await jobs()).map(({ row }) => row).join();
  expect(queue).toContain('gift_receipt');
  for (const told of [queue, api.logged.join('')]) expect(told).not.toContain('zz-');
  smtp.receive = () => undefined;
  await api.database.sql('DELETE FROM graphile_worker._private_jobs');
});

/** A guest's gift that was begun at Stripe. */
async function beginGift({ id }: TestCampaign, status: string): Promise<number> {
  const [gift] = await api.database.sql<{ id: number }>(
    `INSERT INTO donations (campaign_id, donor_name, donor_email, amount, status)
     VALUES ($1, 'Aunt Kate', 'kate@example.org', 25, $2) RETURNING id`,
    [id, status],
  );
  await api.database.sql(
    `INSERT INTO checkouts (donation_id, session_id, currency, asked_at) VALUES ($1, $2, 'usd', now())`,
    [gift!.id, `cs_${gift!.id}`],
  );
  return gift!.id;
}

/** What happens when Stripe tells of a payment; without a payment intent nothing is asked of Stripe. */
async function pay(donationId: number): Promise<void> {
  const ctx = { now: new Date(), log: api.log, settings: SETTINGS };
  await api.db.transaction((tx) =>
    settleCheckout(ctx, tx, {
      type: 'paid',
      donationId,
      madeAt: null,
      sessionId: `cs_${donationId}`,
      paymentIntent: null,
      amount: 2500,
      currency: 'usd',
    }),
  );
}
