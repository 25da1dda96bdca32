import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { useApi } from './support/api.js';
import { registerParent, type TestParent } from './support/factories.js';

const api = useApi();

const signIn = async ({ email, password }: TestParent, userAgent = 'a test') => {
  const { body } = await api
    .post('/api/token/', { email, password })
    .set('User-Agent', userAgent)
    .expect(200);
  return body as { access: string; refresh: string };
};
const list = async (access: string) =>
  (await api.get('/parents/me/sessions/', access).expect(200)).body as {
    id: number;
    user_agent: string;
    current: boolean;
  }[];

describe('a parent sees where the account is signed in', () => {
  test('newest first, with what each device calls itself, and which one asks', async () => {
    const parent = await registerParent(api);
    const phone = await signIn(parent, 'A phone/2.0');
    const sessions = await list(phone.access);
    expect(sessions).toEqual([
      {
        id: expect.any(Number),
        created: expect.stringMatching(/Z$/),
        last_used: expect.stringMatching(/Z$/),
        user_agent: 'A phone/2.0',
        current: true,
      },
      expect.objectContaining({ current: false }),
    ]);
    expect(await list(parent.access)).toMatchObject([{ current: false }, { current: true }]);
  });

  test('what a device calls itself is cut, and is not trusted', async () => {
    const parent = await registerParent(api);
    const { access } = await signIn(parent, `<b>${'x'.repeat(1000)}`);
    expect((await list(access))[0]?.user_agent).toBe(`<b>${'x'.repeat(297)}`);
  });

  test.each([
    ['Caf\u00e9', 'Caf\u00e9'],
    ['a\u0085b\u009b', 'ab'],
  ])('what a device calls itself is UTF-8 without controls: %j', async (name, shown) => {
    const parent = await registerParent(api);
    // Sent in one piece with a body that is text, the header is UTF-8 too.
    const { access } = await signIn(parent, name);
    expect((await list(access))[0]?.user_agent).toBe(shown);
  });

  test('a refresh is a use, and the same session', async () => {
    const parent = await registerParent(api);
    const [before] = await list(parent.access);
    api.clock.now = new Date(Date.now() + 60_000);
    const { body } = await api.post('/api/token/refresh/', { refresh: parent.refresh }).expect(200);
    const [after] = await list(body.access as string);
    api.clock.now = null;
    expect(after).toMatchObject({ id: before?.id });
    expect(after).not.toEqual(before);
  });

  test('nobody sees those of another', async () => {
    const [one, other] = [await registerParent(api), await registerParent(api)];
    await api.get(`/parents/${one.id}/sessions/`, other.access).expect(403);
    await api.delete(`/parents/${one.id}/sessions/`, other.access).expect(403);
    await api.get('/parents/me/sessions/').expect(401);
    await api.get('/parents/2000000000/sessions/', one.access).expect(404);
    expect(await list(other.access)).toHaveLength(1);
  });
});

describe('a parent ends sessions', () => {
  test('one: its tokens are refused at once, the others go on', async () => {
    const parent = await registerParent(api);
    const phone = await signIn(parent);
    const [there, here] = await list(parent.access);
    await api.delete(`/parents/me/sessions/${there!.id}/`, parent.access).expect(204);
    await api.get('/parents/me/', phone.access).expect(401);
    await api.post('/api/token/refresh/', { refresh: phone.refresh }).expect(401);
    expect(await list(parent.access)).toMatchObject([{ id: here!.id }]);
    await api.delete(`/parents/me/sessions/${there!.id}/`, parent.access).expect(404);
  });

  test('the own one: that is signing out', async () => {
    const parent = await registerParent(api);
    const [session] = await list(parent.access);
    await api.delete(`/parents/me/sessions/${session!.id}/`, parent.access).expect(204);
    await api.get('/parents/me/', parent.access).expect(401);
  });

  test('all others at once', async () => {
    const parent = await registerParent(api);
    const others = [await signIn(parent), await signIn(parent), await signIn(parent)];
    await api.delete('/parents/me/sessions/', parent.access).expect(204);
    for (const { access } of others) await api.get('/parents/me/', access).expect(401);
    expect(await list(parent.access)).toMatchObject([{ current: true }]);
  });

  test("never another parent's, by whatever id", async () => {
    const [one, other] = [await registerParent(api), await registerParent(api)];
    const [session] = await list(one.access);
    await api.delete(`/parents/me/sessions/${session!.id}/`, other.access).expect(404);
    for (const id of ['0', '-1', 'abc', '1.5', '99999999999']) {
      await api.delete(`/parents/me/sessions/${id}/`, other.access).expect(404);
    }
    await api.get('/parents/me/', one.access).expect(200);
  });
});

describe('other sessions end', () => {
  test('when the address changes, and not when only its case does', async () => {
    const parent = await registerParent(api);
    const phone = await signIn(parent);
    await api.put('/parents/me/', { email: parent.email.toUpperCase() }, parent.access).expect(200);
    await api.get('/parents/me/', phone.access).expect(200);
    await api.put('/parents/me/', { email: `new-${parent.email}` }, parent.access).expect(200);
    await api.get('/parents/me/', phone.access).expect(401);
    await api.get('/parents/me/', parent.access).expect(200);
    await api.post('/api/token/refresh/', { refresh: parent.refresh }).expect(200);
  });

  test('when the password changes', async () => {
    const parent = await registerParent(api);
    const phone = await signIn(parent);
    const change = { password: 'another long one', current_password: parent.password };
    await api.put('/parents/me/', change, parent.access).expect(200);
    await api.get('/parents/me/', phone.access).expect(401);
    await api.get('/parents/me/', parent.access).expect(200);
  });

  test('for good, when the parent is disabled', async () => {
    const parent = await registerParent(api);
    const set = (active: boolean) =>
      api.database.sql('UPDATE parents SET is_active = $2 WHERE id = $1', [parent.id, active]);
    await set(false);
    await api.get('/parents/me/', parent.access).expect(401);
    await set(true);
    await api.get('/parents/me/', parent.access).expect(401);
    await api.post('/api/token/refresh/', { refresh: parent.refresh }).expect(401);
  });
});

test.each([
  ['address', (parent: TestParent) => ({ email: `thief-${parent.email}` })],
  [
    'password',
    (parent: TestParent) => ({ password: 'mine from now on', current_password: parent.password }),
  ],
])(
  'a session that ends while it changes the %s does not change it, and ends no other',
  async (_what, change) => {
    const parent = await registerParent(api);
    const owner = await signIn(parent);
    const holder = new pg.Client({ connectionString: api.database.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM parents WHERE id = $1 FOR UPDATE', [parent.id]);
    const changing = api
      .put('/parents/me/', change(parent), parent.access)
      .then((answer) => answer);
    await vi.waitUntil(async () => {
      const waiting = await holder.query('SELECT FROM pg_locks WHERE NOT granted');
      return waiting.rowCount !== 0;
    });
    await api.delete('/parents/me/sessions/', owner.access).expect(204);
    await holder.query('ROLLBACK');
    await holder.end();
    expect((await changing).status).toBe(401);
    const { body } = await api.get('/parents/me/', owner.access).expect(200);
    expect(body.email).toBe(parent.email);
    await signIn(parent);
  },
);
