import { describe, expect, test } from 'vitest';
import { verificationMail } from '../src/features/accounts/verification/verification.service.js';
import { useApi } from './support/api.js';
import { registerParent, type TestParent } from './support/factories.js';
import { codeIn, useMailbox } from './support/mailbox.js';
import { SETTINGS } from './support/worker.js';

const api = useApi();
const mailbox = useMailbox(api);

const verify = (parent: TestParent, code: unknown) =>
  api.post('/api/auth/email/verify/', { code }, parent.access);
const resend = (parent: TestParent) => api.post('/api/auth/email/resend/', {}, parent.access);
const isVerified = async (parent: TestParent) =>
  (await api.get('/parents/me/', parent.access).expect(200)).body.email_verified as boolean;
const codeFor = async ({ email }: { email: string }) => codeIn(await mailbox.next(email));
const otherThan = (code: string) => code.replace(/^./, (first) => (first === '7' ? '8' : '7'));

describe('an address is verified', () => {
  test('by the code that was mailed to it, once', async () => {
    const parent = await registerParent(api);
    expect(await isVerified(parent)).toBe(false);
    const code = await codeFor(parent);
    expect((await verify(parent, ` ${code} `).expect(200)).body).toEqual({ email_verified: true });
    expect(await isVerified(parent)).toBe(true);
    await verify(parent, code).expect(400);
  });

  test('however the code is typed', async () => {
    const parent = await registerParent(api);
    const code = await codeFor(parent);
    const typed = ` ${code.slice(0, 4)}-${code.slice(4, 6)} ${code.slice(6)} `
      .toLowerCase()
      .replace(/0/g, 'o')
      .replace(/1/g, 'l');
    await verify(parent, typed).expect(200);
  });

  test('by the newest code only', async () => {
    const parent = await registerParent(api);
    const first = await codeFor(parent);
    expect((await resend(parent).expect(202)).body).toEqual({ email_verified: false });
    const second = await codeFor(parent);
    if (first !== second) await verify(parent, first).expect(400);
    await verify(parent, second).expect(200);
  });

  test('within ten minutes', async () => {
    const [late, punctual] = [await registerParent(api), await registerParent(api)];
    const codes = [await codeFor(late), await codeFor(punctual)];
    const began = Date.now();
    api.clock.now = new Date(began + 10 * 60_000);
    await verify(late, codes[0]).expect(400);
    api.clock.now = new Date(began + 9 * 60_000);
    await verify(punctual, codes[1]).expect(200);
    api.clock.now = null;
  });

  test('in five tries, also when they come at once', async () => {
    const parent = await registerParent(api);
    const code = await codeFor(parent);
    const wrong = Array.from({ length: 12 }, () => verify(parent, otherThan(code)).expect(400));
    await Promise.all(wrong);
    await verify(parent, code).expect(400);
    expect(await isVerified(parent)).toBe(false);
    await resend(parent).expect(202);
    await verify(parent, await codeFor(parent)).expect(200);
  });

  test('by the parent alone to whom the code was mailed', async () => {
    const [one, other] = [await registerParent(api), await registerParent(api)];
    const code = await codeFor(one);
    if ((await codeFor(other)) !== code) await verify(other, code).expect(400);
    await api.post('/api/auth/email/verify/', { code }).expect(401);
    await api.post('/api/auth/email/resend/').expect(401);
  });

  test.each([
    undefined,
    null,
    12345678,
    '',
    '123456',
    '1234567',
    '123456789',
    'ABCDEFGU',
    '１２３４５６７８',
    `1234${' '.repeat(40)}5678`,
    ['12345678'],
  ])('a code such as %j is none', async (code) => {
    const parent = await registerParent(api);
    const { body } = await verify(parent, code).expect(400);
    expect(Object.keys(body as object)).toEqual(['code']);
  });

  test('no code stands in the database', async () => {
    const parent = await registerParent(api);
    const code = await codeFor(parent);
    await mailbox.settled();
    const rows = await api.database.sql<{ row: string }>(
      `SELECT row_to_json(c)::text AS row FROM email_codes c WHERE parent_id = $1
       UNION ALL SELECT row_to_json(j)::text FROM graphile_worker._private_jobs j`,
      [parent.id],
    );
    expect(rows.map(({ row }) => row).join()).not.toContain(code);
  });
});

describe('mail follows the change, and the change the mail', () => {
  test('nothing is sent to a verified address', async () => {
    const parent = await registerParent(api);
    await verify(parent, await codeFor(parent)).expect(200);
    expect((await resend(parent).expect(202)).body).toEqual({ email_verified: true });
    await mailbox.settled();
    expect(mailbox.unread(parent.email)).toEqual([]);
  });

  test('a registration that is refused sends none', async () => {
    const email = `nobody-${process.pid}@example.com`;
    const taken = await registerParent(api);
    await api
      .post('/parents/', { username: taken.username, email, password: 'long and winding' })
      .expect(400);
    await mailbox.settled();
    expect(mailbox.unread(email)).toEqual([]);
  });

  test('a new address is to be verified anew, and the old one is told without naming it', async () => {
    const parent = await registerParent(api, { first_name: 'Ida' });
    await verify(parent, await codeFor(parent)).expect(200);
    const email = `moved-${parent.email}`;
    await api.put('/parents/me/', { email }, parent.access).expect(200);
    expect(await isVerified(parent)).toBe(false);
    const told = await mailbox.next(parent.email);
    expect(told.text).toMatch(/^Hello,\r?\n/);
    expect(told.text).not.toContain(email);
    await verify(parent, await codeFor({ email })).expect(200);
    expect(await isVerified(parent)).toBe(true);
  });

  test('a code for the old address does not verify the new one', async () => {
    const parent = await registerParent(api);
    const old = await codeFor(parent);
    const email = `moved-${parent.email}`;
    await api.put('/parents/me/', { email }, parent.access).expect(200);
    if ((await codeFor({ email })) !== old) await verify(parent, old).expect(400);
    expect(await isVerified(parent)).toBe(false);
  });

  test('the same address in another case stays verified', async () => {
    const parent = await registerParent(api);
    await verify(parent, await codeFor(parent)).expect(200);
    await api.put('/parents/me/', { email: parent.email.toUpperCase() }, parent.access).expect(200);
    expect(await isVerified(parent)).toBe(true);
  });
});

test('a code that grew too old while no mail could be sent is mailed anew', async () => {
  const parent = await registerParent(api);
  const old = await codeFor(parent);
  await mailbox.settled();
  await api.database.sql('UPDATE email_codes SET expires_at = now() WHERE parent_id = $1', [
    parent.id,
  ]);
  await verify(parent, old).expect(400);
  const ctx = { now: new Date(), db: api.db, log: api.log, settings: SETTINGS };
  const { to, code } = (await verificationMail(ctx, parent.id))!;
  expect(to).toBe(parent.email);
  await verify(parent, code).expect(200);
});
