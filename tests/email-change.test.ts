import { beforeEach, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { addChild, openCampaign, registerParent, type TestParent } from './support/factories.js';
import { codeIn, tokenIn, useMailbox } from './support/mailbox.js';

const api = useApi();
const mailbox = useMailbox(api);

const MINUTE = 60_000;

let counter = 0;

beforeEach(() => {
  api.clock.now = null;
  counter += 1;
});

const elsewhere = (name = 'elsewhere') => `${name}-${process.pid}-${counter}@example.com`;
const later = (minutes: number) => (api.clock.now = new Date(Date.now() + minutes * MINUTE));
const change = (access: string, fields: object) => api.patch('/parents/me/', fields, access);
const remove = (access: string, body?: object) =>
  body ? api.delete('/parents/me/', access).send(body) : api.delete('/parents/me/', access);
const signIn = (email: string, password: string) => api.post('/api/token/', { email, password });
const undo = (token: unknown) => api.post('/api/auth/email/undo/', { token });
const me = async (access: string) => (await api.get('/parents/me/', access).expect(200)).body;

/** The next mail to an address with these words in its subject. */
async function mailTo(email: string, words: string) {
  for (;;) {
    const letter = await mailbox.next(email);
    if (letter.subject.includes(words)) return letter;
  }
}

const undoTokenFor = async (email: string) => tokenIn(await mailTo(email, 'was changed'));

async function verify({ email, access }: { email: string; access: string }): Promise<void> {
  const code = codeIn(await mailTo(email, 'code'));
  await api.post('/api/auth/email/verify/', { code }, access).expect(200);
}

async function verifiedParent(): Promise<TestParent> {
  const parent = await registerParent(api);
  await verify(parent);
  return parent;
}

/** A verified parent whose address was changed: the thief's address, and the token in the mail to the old one. */
async function movedParent() {
  counter += 1;
  const parent = await verifiedParent();
  const email = elsewhere('thief');
  await change(parent.access, { email }).expect(200);
  return { parent, email, token: await undoTokenFor(parent.email) };
}

describe('another address, and the end of the account', () => {
  test('need no password within 15 minutes of signing in', async () => {
    const parent = await registerParent(api);
    later(14);
    await change(parent.access, { email: elsewhere() }).expect(200);
    await remove(parent.access).expect(204);
  });

  test('need the password after that, and refreshing is no sign-in', async () => {
    const parent = await registerParent(api);
    later(16);
    const { body } = await api.post('/api/token/refresh/', { refresh: parent.refresh }).expect(200);
    for (const access of [parent.access, body.access as string]) {
      for (const answer of [
        await change(access, { email: elsewhere() }),
        await change(access, { email: elsewhere(), current_password: '' }),
        await change(access, { email: elsewhere(), username: 'x', first_name: 5 }),
        await remove(access),
        await remove(access, {}),
        await remove(access, { current_password: '' }),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([403, 'confirmation_needed']);
      }
      for (const answer of [
        await change(access, { email: elsewhere(), current_password: 'not the password' }),
        await remove(access, { current_password: 'not the password' }),
      ]) {
        expect([answer.status, Object.keys(answer.body as object)]).toEqual([
          400,
          ['current_password'],
        ]);
      }
    }
    const current_password = parent.password;
    await change(parent.access, { email: elsewhere(), current_password }).expect(200);
    await remove(parent.access, { current_password }).expect(204);
    await api.get('/parents/me/', parent.access).expect(401);
  });

  test('need no password after signing in again', async () => {
    const parent = await registerParent(api);
    later(50);
    const { body } = await signIn(parent.email, parent.password).expect(200);
    await remove(body.access as string).expect(204);
  });

  test('a wrong password is refused just after signing in too', async () => {
    const parent = await registerParent(api);
    const wrong = { current_password: 'not the password' };
    await remove(parent.access, wrong).expect(400);
    await change(parent.access, { ...wrong, email: elsewhere() }).expect(400);
  });

  test('others hear 403 and 404 first, whatever they send', async () => {
    const [one, other] = [await registerParent(api), await registerParent(api)];
    later(50);
    const { body } = await api.delete(`/parents/${other.id}/`, one.access).expect(403);
    expect(body.code).toBe('permission_denied');
    await api.delete('/parents/2147483647/', one.access).expect(404);
    await api.delete('/parents/me/').send({ current_password: 'x' }).expect(401);
  });

  test('the body of a deletion is JSON or nothing', async () => {
    const parent = await registerParent(api);
    const send = (type: string, body: string) =>
      api.delete('/parents/me/', parent.access).set('Content-Type', type).send(body);
    await send('text/plain', 'current_password').expect(415);
    await send('application/json', '{"current_password":').expect(400);
    await send('application/json', '["current_password"]').expect(400);
    await send('application/json', '{"current_password": 5}').expect(400);
    await send('application/json', '').expect(204);
  });

  test('an address sent back unchanged is no change, in another case too', async () => {
    const parent = await verifiedParent();
    later(50);
    const email = parent.email.toUpperCase();
    const { body } = await change(parent.access, { email, first_name: 'Ida' }).expect(200);
    expect(body).toMatchObject({ email, first_name: 'Ida', email_verified: true });
    expect(
      await api.database.sql('SELECT FROM email_undos WHERE parent_id = $1', [parent.id]),
    ).toEqual([]);
  });

  test('the rest of the profile needs no confirmation', async () => {
    const parent = await registerParent(api);
    later(50);
    await change(parent.access, { first_name: 'Ida', username: `ida-${counter}` }).expect(200);
  });

  test('the client in the field registers, gives and leaves as before', async () => {
    const parent = await registerParent(api);
    const campaign = await openCampaign(api, parent, await addChild(api, parent));
    const path = `/campaigns/${campaign.id}/`;
    await api.post(`${path}donations/`, { amount: 5 }, parent.access).expect(201);
    await api.put(path, { is_open: false }, parent.access).expect(200);
    await remove(parent.access).expect(204);
  });
});

describe('the old address', () => {
  test('undoes the change by its link, which ends all sessions and the password', async () => {
    const { parent, email, token } = await movedParent();
    const thief = { email, access: parent.access };
    await verify(thief);
    await change(thief.access, { password: 'of the thief', current_password: parent.password });
    const { body: signedIn } = await signIn(email, 'of the thief').expect(200);
    const verifiedAt = await api.database.sql('SELECT verified_at FROM email_undos');

    expect((await undo(token).expect(200)).body).toEqual({});
    for (const access of [parent.access, signedIn.access as string]) {
      await api.get('/parents/me/', access).expect(401);
    }
    await api.post('/api/token/refresh/', { refresh: signedIn.refresh }).expect(401);
    for (const address of [email, parent.email]) {
      for (const password of ['of the thief', parent.password]) {
        await signIn(address, password).expect(401);
      }
    }
    const [row] = await api.database.sql('SELECT * FROM parents WHERE id = $1', [parent.id]);
    expect(row).toMatchObject({ email: parent.email });
    expect(verifiedAt).toContainEqual({ verified_at: row!['email_verified_at'] });

    const link = tokenIn(await mailTo(parent.email, 'new password'));
    const password = 'mine once more';
    await api.post('/api/auth/password/reset/confirm/', { token: link, password }).expect(200);
    const { body } = await signIn(parent.email, password).expect(200);
    expect(await me(body.access as string)).toMatchObject({ id: parent.id, email_verified: true });
  });

  test('is not named to the new one, nor the new one to it', async () => {
    const parent = await verifiedParent();
    const email = elsewhere();
    await change(parent.access, { email }).expect(200);
    const { text } = await mailTo(parent.email, 'was changed');
    expect(text).not.toContain(email);
    expect((await mailTo(email, 'code')).text).not.toContain(parent.email);
  });

  test('gets no mail when it was never verified, and has nothing to undo', async () => {
    const parent = await registerParent(api);
    await change(parent.access, { email: elsewhere() }).expect(200);
    await mailbox.settled();
    const subjects = mailbox.unread(parent.email).map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject.includes('changed'))).toEqual([]);
    expect(
      await api.database.sql('SELECT FROM email_undos WHERE parent_id = $1', [parent.id]),
    ).toEqual([]);
    await registerParent(api, { email: parent.email });
  });

  test('has 72 hours, and then it is forgotten', async () => {
    const [late, punctual] = [await movedParent(), await movedParent()];
    later(72 * 60);
    await undo(late.token).expect(400);
    later(72 * 60 - 1);
    await undo(punctual.token).expect(200);
    later(72 * 60 + 1);
    await registerParent(api, { email: late.parent.email });
  });

  test('cannot be taken by others meanwhile, and its parent may return by hand', async () => {
    const { parent } = await movedParent();
    const email = parent.email.toUpperCase();
    const taken = { email: ['A user with that email already exists.'] };
    const input = { username: elsewhere(), email, password: 'long and winding' };
    expect((await api.post('/parents/', input).expect(400)).body).toEqual(taken);
    const other = await registerParent(api);
    expect((await change(other.access, { email }).expect(400)).body).toEqual(taken);
    await change(parent.access, { email }).expect(200);
  });

  test('gets its link again by asking for a new password', async () => {
    const { parent, token } = await movedParent();
    await api.post('/api/auth/password/reset/', { email: parent.email }).expect(202);
    expect(await undoTokenFor(parent.email)).toBe(token);
  });

  test('of several in a row each can undo, and an earlier one undoes the later ones', async () => {
    const first = await movedParent();
    const second = { email: first.email, access: first.parent.access };
    await verify(second);
    await change(second.access, { email: elsewhere('third') }).expect(200);
    const secondToken = await undoTokenFor(second.email);
    await undo(secondToken).expect(200);
    await undo(secondToken).expect(400);
    await undo(first.token).expect(200);

    const again = await movedParent();
    const later = { email: again.email, access: again.parent.access };
    await verify(later);
    await change(later.access, { email: elsewhere('last') }).expect(200);
    const laterToken = await undoTokenFor(later.email);
    await undo(again.token).expect(200);
    await undo(laterToken).expect(400);
    await registerParent(api, { email: later.email });
  });

  test('stays able to undo when the account came back unverified and left again', async () => {
    const { parent, email, token } = await movedParent();
    await change(parent.access, { email: parent.email }).expect(200);
    await change(parent.access, { email }).expect(200);
    await undo(token).expect(200);
    const [row] = await api.database.sql('SELECT email FROM parents WHERE id = $1', [parent.id]);
    expect(row).toEqual({ email: parent.email });
  });
});

describe('the new address', () => {
  test('belongs to whoever reads it, who gets a new account by a link for a password', async () => {
    const { parent, email } = await movedParent();
    const child = await addChild(api, parent, { name: 'Zz Sommer' });
    const password = 'of the owner of the mailbox';
    const confirm = (token: string) =>
      api.post('/api/auth/password/reset/confirm/', { token, password });
    await api.post('/api/auth/password/reset/', { email }).expect(202);
    const token = tokenIn(await mailTo(email, 'new password'));
    await confirm(token).expect(200);
    await confirm(token).expect(400);

    const { body: owner } = await signIn(email, password).expect(200);
    expect(await me(owner.access)).toMatchObject({ email, email_verified: true, children: [] });
    await api.get('/parents/me/', parent.access).expect(401);
    await signIn(email, parent.password).expect(401);
    await signIn(parent.email, password).expect(401);

    await confirm(tokenIn(await mailTo(parent.email, 'new password'))).expect(200);
    const { body: moved } = await signIn(parent.email, password).expect(200);
    const { id, children } = await me(moved.access);
    expect({ id, children }).toMatchObject({ id: parent.id, children: [{ id: child.id }] });
    await change(moved.access, { email }).expect(400);
  });

  test('loses the link for a new password that it got after that', async () => {
    const { parent, email, token } = await movedParent();
    await verify({ email, access: parent.access });
    await api.post('/api/auth/password/reset/', { email }).expect(202);
    const link = tokenIn(await mailTo(email, 'new password'));
    await undo(token).expect(200);
    const body = { token: link, password: 'of the thief' };
    await api.post('/api/auth/password/reset/confirm/', body).expect(400);
  });
});

describe('a token', () => {
  test('of ten uses at once one succeeds', async () => {
    const { parent, token } = await movedParent();
    const uses = await Promise.all(Array.from({ length: 10 }, () => undo(token)));
    expect(uses.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(400)]);
    expect(
      await api.database.sql('SELECT FROM email_undos WHERE parent_id = $1', [parent.id]),
    ).toEqual([]);
  });

  test('used while the address is changed again ends at the old address', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { parent, token } = await movedParent();
      const [undone, changed] = await Promise.all([
        undo(token),
        change(parent.access, { email: elsewhere('again') }),
      ]);
      expect(undone.status).toBe(200);
      expect([200, 401]).toContain(changed.status);
      const [row] = await api.database.sql('SELECT email FROM parents WHERE id = $1', [parent.id]);
      expect(row).toEqual({ email: parent.email });
      await api.get('/parents/me/', parent.access).expect(401);
    }
  });

  test('used while the account is deleted succeeds or finds nothing, and no session is left', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { parent, token } = await movedParent();
      const [undone, removed] = await Promise.all([undo(token), remove(parent.access)]);
      expect([
        [200, 401],
        [400, 204],
      ]).toContainEqual([undone.status, removed.status]);
      await api.get('/parents/me/', parent.access).expect(401);
    }
  });

  test('of another kind is none', async () => {
    const { parent, email, token } = await movedParent();
    await verify({ email, access: parent.access });
    await api.post('/api/auth/password/reset/', { email }).expect(202);
    const link = tokenIn(await mailTo(email, 'new password'));
    for (const other of [link, parent.access, parent.refresh]) await undo(other).expect(400);
    const password = 'another long secret';
    await api.post('/api/auth/password/reset/confirm/', { token, password }).expect(400);
    await api.post('/api/token/refresh/', { refresh: token }).expect(401);
    await api.post('/api/auth/email/verify/', { code: token }, parent.access).expect(400);
    await undo(token).expect(200);
  });

  test.each([undefined, null, '', 'x', 'A'.repeat(43), { not: '' }, 5])(
    'such as %j is none',
    async (token) => {
      const { body } = await undo(token).expect(400);
      expect(Object.keys(body as object)).toEqual(['token']);
    },
  );

  test('stands nowhere in the database, and no address in the queue or the log', async () => {
    const { parent, email, token } = await movedParent();
    await api.database.sql(
      `CREATE TABLE jobs_kept AS SELECT row_to_json(j)::text AS row FROM graphile_worker._private_jobs j`,
    );
    await api.post('/api/auth/password/reset/', { email: parent.email }).expect(202);
    await undo(token).expect(200);
    const rows = await api.database.sql<{ row: string }>(
      `SELECT row_to_json(u)::text AS row FROM email_undos u UNION ALL SELECT row FROM jobs_kept
       UNION ALL SELECT row_to_json(j)::text FROM graphile_worker._private_jobs j`,
    );
    const kept = rows.map(({ row }) => row).join();
    expect(kept).not.toContain(token);
    const told = api.logged.join('');
    for (const secret of [token, email, parent.email]) expect(told).not.toContain(secret);
  });
});

test('a deletion beside a refresh leaves no session', async () => {
  for (let round = 0; round < 5; round += 1) {
    const parent = await registerParent(api);
    const [removed, refreshed] = await Promise.all([
      remove(parent.access, { current_password: parent.password }),
      api.post('/api/token/refresh/', { refresh: parent.refresh }),
    ]);
    expect(removed.status).toBe(204);
    expect([200, 401]).toContain(refreshed.status);
    if (refreshed.status === 200) {
      await api.get('/parents/me/', refreshed.body.access as string).expect(401);
      await api.post('/api/token/refresh/', { refresh: refreshed.body.refresh }).expect(401);
    }
  }
});

test('a change of the password beside a deletion by the old one ends in one of the two', async () => {
  for (let round = 0; round < 5; round += 1) {
    const parent = await registerParent(api);
    const current_password = parent.password;
    const [changed, removed] = await Promise.all([
      change(parent.access, { password: 'a brand new secret', current_password }),
      remove(parent.access, { current_password }),
    ]);
    expect([changed.status, removed.status].filter((status) => status < 300)).toHaveLength(1);
  }
});

test('what was left over 72 hours ago is deleted by a job', async () => {
  const { parent } = await movedParent();
  await api.database.sql('UPDATE email_undos SET expires_at = now()');
  await api.database.sql(`SELECT graphile_worker.add_job('forget_left_addresses')`);
  await mailbox.settled();
  expect(
    await api.database.sql('SELECT FROM email_undos WHERE parent_id = $1', [parent.id]),
  ).toEqual([]);
});
