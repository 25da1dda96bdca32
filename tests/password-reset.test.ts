import { describe, expect, test } from 'vitest';
import { passwordResetMail } from '../src/features/accounts/password-reset/password-reset.service.js';
import { useApi } from './support/api.js';
import { registerParent, type TestParent } from './support/factories.js';
import { tokenIn, useMailbox } from './support/mailbox.js';
import { SETTINGS } from './support/worker.js';

const api = useApi();
const mailbox = useMailbox(api);

const ask = (email: string) => api.post('/api/auth/password/reset/', { email });
const confirm = (token: unknown, password: unknown = 'a brand new secret') =>
  api.post('/api/auth/password/reset/confirm/', { token, password });
const signIn = ({ email }: TestParent, password: string) =>
  api.post('/api/token/', { email, password });

/** The token in the next mail about a new password: others may come before it. */
async function tokenFor(email: string): Promise<string> {
  for (;;) {
    const letter = await mailbox.next(email);
    if (letter.subject.includes('new password')) return tokenIn(letter);
  }
}

describe('a forgotten password', () => {
  test('is replaced by the link in a mail, which ends all sessions and verifies the address', async () => {
    const parent = await registerParent(api);
    await ask(parent.email.toUpperCase()).expect(202);
    const token = await tokenFor(parent.email);
    expect((await confirm(token).expect(200)).body).toEqual({});
    await api.get('/parents/me/', parent.access).expect(401);
    await api.post('/api/token/refresh/', { refresh: parent.refresh }).expect(401);
    await signIn(parent, parent.password).expect(401);
    const { body } = await signIn(parent, 'a brand new secret').expect(200);
    const me = await api.get('/parents/me/', body.access as string).expect(200);
    expect(me.body.email_verified).toBe(true);
    expect((await mailbox.next(parent.email)).subject).toContain('password was changed');
  });

  test('is asked for with the same answer, whoever asks', async () => {
    const parent = await registerParent(api);
    const answers = [];
    for (const email of [parent.email, `nobody-${process.pid}@example.com`]) {
      const { status, body, headers } = await ask(email);
      answers.push({ status, body, names: Object.keys(headers).sort() });
    }
    expect(answers[0]).toMatchObject({ status: 202, body: {} });
    expect(answers[1]).toEqual(answers[0]);
    await mailbox.settled();
    expect(mailbox.unread(`nobody-${process.pid}@example.com`)).toEqual([]);
  });

  test('is not sent to who is disabled', async () => {
    const parent = await registerParent(api);
    await mailbox.settled();
    const before = mailbox.unread(parent.email).length;
    await api.database.sql('UPDATE parents SET is_active = false WHERE id = $1', [parent.id]);
    await ask(parent.email).expect(202);
    await mailbox.settled();
    expect(mailbox.unread(parent.email)).toHaveLength(before);
  });
});

describe('a link', () => {
  test('works once, also when it is used twice at once', async () => {
    const parent = await registerParent(api);
    await ask(parent.email).expect(202);
    const token = await tokenFor(parent.email);
    const uses = await Promise.all(
      Array.from({ length: 8 }, (_, i) => confirm(token, `a new secret, number ${i}`)),
    );
    expect(uses.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)]);
    await confirm(token).expect(400);
  });

  test('works for thirty minutes', async () => {
    const [late, punctual] = [await registerParent(api), await registerParent(api)];
    for (const { email } of [late, punctual]) await ask(email).expect(202);
    const tokens = [await tokenFor(late.email), await tokenFor(punctual.email)];
    const began = Date.now();
    api.clock.now = new Date(began + 30 * 60_000);
    await confirm(tokens[0]).expect(400);
    api.clock.now = new Date(began + 29 * 60_000);
    await confirm(tokens[1]).expect(200);
    api.clock.now = null;
  });

  test('is replaced by the next', async () => {
    const parent = await registerParent(api);
    await ask(parent.email).expect(202);
    const first = await tokenFor(parent.email);
    await ask(parent.email).expect(202);
    const second = await tokenFor(parent.email);
    await confirm(first).expect(400);
    await confirm(second).expect(200);
  });

  test('counts no more once the address is another', async () => {
    const parent = await registerParent(api);
    await ask(parent.email).expect(202);
    const token = await tokenFor(parent.email);
    await api.put('/parents/me/', { email: `moved-${parent.email}` }, parent.access).expect(200);
    const { body } = await confirm(token).expect(400);
    expect(Object.keys(body as object)).toEqual(['token']);
  });

  test.each([undefined, null, '', 'x', 'A'.repeat(43), { not: '' }, 5])(
    'such as %j is none',
    async (token) => {
      const { body } = await confirm(token).expect(400);
      expect(Object.keys(body as object)).toEqual(['token']);
    },
  );

  test('does not set a password that no registration would take, and is not spent by the attempt', async () => {
    const parent = await registerParent(api);
    await ask(parent.email).expect(202);
    const token = await tokenFor(parent.email);
    for (const password of ['short', 'password123', 'Password123', 'x'.repeat(73), null]) {
      const { body } = await confirm(token, password).expect(400);
      expect(Object.keys(body as object)).toEqual(['password']);
    }
    await confirm(token).expect(200);
  });

  test('stands nowhere in the database', async () => {
    const parent = await registerParent(api);
    await ask(parent.email).expect(202);
    const token = await tokenFor(parent.email);
    await mailbox.settled();
    const rows = await api.database.sql<{ row: string }>(
      `SELECT row_to_json(r)::text AS row FROM password_resets r
       UNION ALL SELECT row_to_json(j)::text FROM graphile_worker._private_jobs j`,
    );
    expect(rows.map(({ row }) => row).join()).not.toContain(token);
  });
});

test.each(['password', 'PASSWORD', '12345678', 'qwertyuiop', 'iloveyou1'])(
  '%s is too common to register with, or to change to',
  async (password) => {
    const parent = await registerParent(api);
    const input = { username: `u-${password}`, email: `u-${password}@example.com`, password };
    const { body } = await api.post('/parents/', input).expect(400);
    expect(Object.keys(body as object)).toEqual(['password']);
    const change = { password, current_password: parent.password };
    await api.put('/parents/me/', change, parent.access).expect(400);
  },
);

test('a link that grew too old while no mail could be sent is mailed anew', async () => {
  const parent = await registerParent(api);
  await ask(parent.email).expect(202);
  const old = await tokenFor(parent.email);
  await mailbox.settled();
  await api.database.sql('UPDATE password_resets SET expires_at = now() WHERE parent_id = $1', [
    parent.id,
  ]);
  await confirm(old).expect(400);
  const ctx = { now: new Date(), db: api.db, log: api.log, settings: SETTINGS };
  const { to, token } = (await passwordResetMail(ctx, parent.id))!;
  expect(to).toBe(parent.email);
  await confirm(token).expect(200);
});

test('a link to who was disabled meanwhile sets nothing', async () => {
  const parent = await registerParent(api);
  await ask(parent.email).expect(202);
  const token = await tokenFor(parent.email);
  await api.database.sql('UPDATE parents SET is_active = false WHERE id = $1', [parent.id]);
  await confirm(token).expect(400);
});
