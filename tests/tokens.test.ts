import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { guestGift, openJar, registerParent, type TestParent } from './support/factories.js';

const api = useApi();

const NOON = Date.parse('2026-03-01T12:00:00.000Z');
const MINUTE = 60;
const DAY = 24 * 3600;

const NO_ACCOUNT =
  '{"detail":"No active account found with the given credentials","code":"no_active_account"}';

/** Sets the API's clock to so many seconds after noon. */
function at(seconds: number): void {
  api.clock.now = new Date(NOON + seconds * 1000);
}

afterEach(() => {
  api.clock.now = null;
});

const refresh = (token: string) => api.post('/api/token/refresh/', { refresh: token });
const signOut = (token: string) => api.post('/api/token/blacklist/', { refresh: token });
const signIn = ({ email, password }: TestParent) => api.post('/api/token/', { email, password });
const me = (access: string) => api.get('/parents/me/', access);

/** The pair that follows a refresh token. */
async function next(token: string): Promise<{ access: string; refresh: string }> {
  return (await refresh(token).expect(200)).body;
}

/** Expects what every token that isn't good gets. */
async function refused(request: ReturnType<typeof api.get>): Promise<void> {
  const response = await request.expect(401).expect('WWW-Authenticate', 'Bearer');
  expect(response.body).toEqual({ detail: expect.any(String), code: 'token_not_valid' });
}

describe('signing in', () => {
  test('takes the email in any case, with blanks around it', async () => {
    const parent = await registerParent(api, { email: 'Anna.Weiss@Example.com' });
    const typed = ['Anna.Weiss@Example.com', 'anna.weiss@EXAMPLE.COM', ' ANNA.weiss@example.com\n'];
    for (const email of typed) {
      const { body } = await signIn({ ...parent, email }).expect(200);
      expect(Object.keys(body).sort()).toEqual(['access', 'refresh']);
      expect((await me(body.access).expect(200)).body.id).toBe(parent.id);
    }
  });

  test('answers every wrong pair with the same bytes', async () => {
    const password = `${'a'.repeat(71)}b`;
    const { email } = await registerParent(api, { password });
    const inactive = await registerParent(api, { password });
    await api.database.sql('UPDATE parents SET is_active = false WHERE id = $1', [inactive.id]);
    const gone = await registerParent(api, { password });
    await api.delete('/parents/me/', gone.access).expect(204);
    const wrong = {
      'wrong password': { email, password: `${password.slice(0, -1)}c` },
      'password in another case': { email, password: password.toUpperCase() },
      'password with a blank': { email, password: ` ${password}` },
      'password with a tail that bcrypt ignores': { email, password: `${password}c` },
      'empty password': { email, password: '' },
      'unknown email': { email: 'nobody@example.com', password },
      'no email at all': { email: '%', password },
      'inactive account': { email: inactive.email, password },
      'inactive account, wrong password': { email: inactive.email, password: 'wrong' },
      'deleted account': { email: gone.email, password },
    };
    for (const [name, pair] of Object.entries(wrong)) {
      const response = await api.post('/api/token/', pair);
      expect([response.status, response.text], name).toEqual([401, NO_ACCOUNT]);
      expect(response.headers['www-authenticate'], name).toBe('Bearer');
    }
    await api.post('/api/token/', { email, password }).expect(200);
  });

  test.each([
    ['/api/token/', {}, ['email', 'password']],
    ['/api/token/', { email: '', password: null }, ['email', 'password']],
    ['/api/token/refresh/', {}, ['refresh']],
    ['/api/token/blacklist/', { refresh: '' }, ['refresh']],
  ])('%s refuses %j by its fields', async (path, body, fields) => {
    const response = await api.post(path, body).expect(400);
    expect(Object.keys(response.body).sort()).toEqual(fields);
  });

  test.each(['', 'refresh/', 'blacklist/'])('takes POST only at /api/token/%s', async (path) => {
    const { body } = await api.get(`/api/token/${path}`).expect(405).expect('Allow', 'POST');
    expect(body.code).toBe('method_not_allowed');
  });
});

describe('a refresh token', () => {
  test('replayed within ten seconds gets the same successor', async () => {
    at(0);
    const parent = await registerParent(api);
    at(5);
    const second = await next(parent.refresh);
    expect(second.refresh).not.toBe(parent.refresh);
    for (const seconds of [5, 9, 15]) {
      at(seconds);
      const again = await next(parent.refresh);
      expect(again.refresh).toBe(second.refresh);
      await me(again.access).expect(200);
    }
    await next(second.refresh);
  });

  test('replayed after ten seconds ends the session for good', async () => {
    at(0);
    const parent = await registerParent(api);
    const elsewhere = (await signIn(parent).expect(200)).body;
    const second = await next(parent.refresh);
    at(10.001);
    await refused(refresh(parent.refresh));
    for (const token of [second.refresh, parent.refresh]) await refused(refresh(token));
    for (const access of [second.access, parent.access]) await refused(me(access));
    await me(elsewhere.access).expect(200);
    await next(elsewhere.refresh);
  });

  test('two steps back ends the session, however soon', async () => {
    at(0);
    const parent = await registerParent(api);
    const second = await next(parent.refresh);
    const third = await next(second.refresh);
    await refused(refresh(parent.refresh));
    for (const token of [second.refresh, third.refresh]) await refused(refresh(token));
    await refused(me(third.access));
  });

  test('sent fifty times at once gives one successor', async () => {
    const parent = await registerParent(api);
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(parent.refresh)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    const successors = new Set(answers.map(({ body }) => body.refresh as string));
    expect(successors.size).toBe(1);
    for (const { body } of answers) await me(body.access).expect(200);
    const [successor] = successors;
    const third = await next(successor!);
    await refused(refresh(parent.refresh));
    await refused(refresh(third.refresh));
  });

  test('sent at once with its sign-out leaves no session', async () => {
    const parent = await registerParent(api);
    const answers = await Promise.all([
      ...Array.from({ length: 10 }, () => refresh(parent.refresh)),
      signOut(parent.refresh),
    ]);
    for (const { status, body } of answers) {
      expect([200, 401]).toContain(status);
      if (body.access) await refused(me(body.access));
    }
  });

  test('signs its session out, once, and no other session', async () => {
    const parent = await registerParent(api);
    const elsewhere = (await signIn(parent).expect(200)).body;
    const { body } = await signOut(parent.refresh).expect(200);
    expect(body).toEqual({});
    await refused(me(parent.access));
    await refused(refresh(parent.refresh));
    await refused(signOut(parent.refresh));
    await me(elsewhere.access).expect(200);
    await next(elsewhere.refresh);
  });
});

describe('the clock', () => {
  test('ends an access token after 60 minutes', async () => {
    at(0);
    const { access } = await registerParent(api);
    at(60 * MINUTE - 1);
    await me(access).expect(200);
    at(60 * MINUTE);
    await refused(me(access));
  });

  test('ends a refresh token after 7 days, unspent or not', async () => {
    at(0);
    const first = await registerParent(api);
    const second = await registerParent(api);
    at(7 * DAY - 1);
    const pair = await next(first.refresh);
    at(7 * DAY);
    await refused(refresh(first.refresh));
    await refused(refresh(second.refresh));
    await refused(signOut(second.refresh));
    await next(pair.refresh);
  });

  test('ends a session after 90 days, however often it was refreshed, and its access tokens with it', async () => {
    at(0);
    let pair: { access: string; refresh: string } = await registerParent(api);
    for (let day = 6; day < 90; day += 6) {
      at(day * DAY);
      pair = await next(pair.refresh);
    }
    at(90 * DAY - MINUTE);
    pair = await next(pair.refresh);
    await me(pair.access).expect(200);
    at(90 * DAY);
    await refused(me(pair.access));
    await refused(refresh(pair.refresh));
  });
});

describe('a change of password', () => {
  test("ends all refresh tokens and others' access tokens, not that of who changed it", async () => {
    const parent = await registerParent(api);
    const spent = (await signIn(parent).expect(200)).body;
    const elsewhere = await next(spent.refresh);
    const password = 'another long password';
    const change = { password, current_password: parent.password };
    await api.put('/parents/me/', change, parent.access).expect(200);
    for (const access of [spent.access, elsewhere.access]) await refused(me(access));
    const ended = [parent.refresh, spent.refresh, elsewhere.refresh];
    for (const token of ended) await refused(refresh(token));
    await me(parent.access).expect(200);
    await signIn(parent).expect(401);
    const { body } = await signIn({ ...parent, password }).expect(200);
    await next(body.refresh);
  });

  test('lets no sign-in with the old password slip through while it is made', async () => {
    const parent = await registerParent(api);
    const change = { password: 'another long password', current_password: parent.password };
    const holder = new pg.Client({ connectionString: api.database.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM parents WHERE id = $1 FOR UPDATE', [parent.id]);
    const waiting = `SELECT FROM pg_stat_activity
                      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    const queue = () => expect.poll(async () => (await api.database.sql(waiting)).length);
    const changing = api.put('/parents/me/', change, parent.access).then(({ status }) => status);
    await queue().toBe(1);
    const signingIn = signIn(parent).then(({ text }) => text);
    await queue().toBe(2);
    await holder.end();
    expect(await changing).toBe(200);
    expect(await signingIn).toBe(NO_ACCOUNT);
  });

  test('that is refused ends nothing, nor does any other change', async () => {
    const parent = await registerParent(api);
    const wrong = { password: 'another long password', current_password: 'wrong' };
    await api.put('/parents/me/', wrong, parent.access).expect(400);
    await api.put('/parents/me/', { first_name: 'Zoe' }, parent.access).expect(200);
    await next(parent.refresh);
  });
});

describe('a token of nobody', () => {
  const endings = {
    deleted: (parent: TestParent) => api.delete('/parents/me/', parent.access).expect(204),
    deactivated: ({ id }: TestParent) =>
      api.database.sql('UPDATE parents SET is_active = false WHERE id = $1', [id]),
    'signed out': (parent: TestParent) => signOut(parent.refresh).expect(200),
  };

  test.each(Object.keys(endings) as (keyof typeof endings)[])(
    'is refused at once when the parent is %s, on public pages too',
    async (ending) => {
      const { campaign } = await openJar(api);
      const page = `/campaigns/${campaign.id}/`;
      const parent = await registerParent(api);
      await api.get('/campaigns/', parent.access).expect(200);
      await endings[ending](parent);
      await refused(me(parent.access));
      for (const path of ['/campaigns/', page, `${page}donations/`]) {
        await refused(api.get(path, parent.access));
      }
      await refused(api.post(`${page}donations/`, guestGift(), parent.access));
      await refused(refresh(parent.refresh));
      expect((await api.get(page).expect(200)).body.donation_count).toBe(0);
    },
  );

  test('is not looked at where no parent is needed', async () => {
    at(0);
    const parent = await registerParent(api);
    at(8 * DAY);
    const fresh = (await signIn(parent).expect(200)).body;
    for (const stale of [parent.access, 'nonsense']) {
      const { body } = await api.post('/api/token/', parent, stale).expect(200);
      const pair = (await api.post('/api/token/refresh/', body, stale).expect(200)).body;
      await api.post('/api/token/blacklist/', pair, stale).expect(200);
      const username = `with-${stale.slice(-8)}`;
      const newcomer = { username, email: `${username}@example.com`, password: 'long enough' };
      await api.post('/parents/', newcomer, stale).expect(201);
      for (const path of ['/health/live', '/health/ready', '/openapi.json', '/docs']) {
        await api.get(path, stale).expect(200);
      }
    }
    await me(fresh.access).expect(200);
  });
});
