import { createHash } from 'node:crypto';
import {
  createPasswordReset,
  passwordResetMail,
} from '../src/features/accounts/password-reset/password-reset.service.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../src/config/config.js';
import { useApi } from './support/api.js';
import { send } from './support/bare-http.js';
import { addChild, openCampaign, registerParent } from './support/factories.js';
import {
  agree,
  arrival,
  CALLBACK,
  comeBack,
  leave,
  signIn,
  useProvider,
} from './support/google.js';
import { SETTINGS } from './support/worker.js';

const FRONTEND = 'https://app.dreamjar.example/base';

const provider = useProvider(`http://localhost:3000${CALLBACK}`);
const api = useApi({ google: () => provider.google });
const withApp = useApi({ google: () => provider.google, frontendUrl: FRONTEND });
const published = useApi({
  google: () => ({ ...provider.google, callbackUrl: `https://dreamjar.example/v1${CALLBACK}` }),
});
const without = useApi();

let counter = 0;

beforeEach(() => {
  counter += 1;
  api.clock.now = null;
  withApp.clock.now = null;
  provider.instead = {};
  provider.person = {
    sub: `sub-${counter}`,
    email: `Wanda.${counter}@Example.com`,
    email_verified: true,
    given_name: 'Wanda',
    family_name: 'Sommer',
  };
});

/** What is stored of the parent with the present address. */
async function stored() {
  const [row] = await api.database.sql('SELECT * FROM parents WHERE lower(email) = lower($1)', [
    provider.person.email,
  ]);
  return row!;
}

const later = (seconds: number, from = new Date()) => new Date(from.getTime() + seconds * 1000);

describe('leaving for Google', () => {
  test('the browser is sent with PKCE, state and the three scopes, whatever the query says', async () => {
    const evil = 'https://evil.example/';
    const query = `?process=login&state=mine&redirect_uri=${evil}&next=${evil}&code=x&error=y&scope=all`;
    for (const { page } of [await leave(api), await leave(api, query)]) {
      expect(`${page.origin}${page.pathname}`).toBe(provider.google.authorizationUrl);
      expect(Object.fromEntries(page.searchParams)).toEqual({
        client_id: 'our-client',
        response_type: 'code',
        redirect_uri: `http://localhost:3000${CALLBACK}`,
        scope: 'openid email profile',
        state: expect.stringMatching(/^[\w-]{43}$/) as string,
        code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
        code_challenge_method: 'S256',
      });
    }
  });

  test('the cookie is kept from scripts and other sites, goes to the callback alone, and dies soon', async () => {
    const { setCookie } = await leave(api);
    const [, ...flags] = setCookie.split('; ');
    expect(flags.sort()).toEqual(
      ['HttpOnly', 'Max-Age=600', 'Path=/api/auth/google', 'SameSite=Lax'].sort(),
    );
    const { setCookie: overTls } = await leave(published);
    expect(overTls.split('; ')).toContain('Secure');
    expect(overTls).toContain('Path=/v1/api/auth/google;');
  });

  test('no two are alike', async () => {
    const [one, two] = [await leave(api), await leave(api)];
    for (const name of ['state', 'code_challenge'])
      expect(one.page.searchParams.get(name)).not.toBe(two.page.searchParams.get(name));
  });

  test('the provider gets the verifier of the challenge, and our token for it is in no address', async () => {
    const journey = await leave(api);
    let authorization: string | undefined;
    provider.instead['/userinfo'] = (req, res) => {
      authorization = req.headers.authorization;
      res.end(JSON.stringify(provider.person));
    };
    provider.asked = [];
    provider.tokenRequests = [];
    const answer = await comeBack(api, await agree(journey), journey.cookie);
    expect(answer.status, answer.text).toBe(200);
    const [request] = provider.tokenRequests;
    const challenge = createHash('sha256')
      .update(String(request?.['code_verifier']))
      .digest('base64url');
    expect(challenge).toBe(journey.page.searchParams.get('code_challenge'));
    expect(request?.['redirect_uri']).toBe(`http://localhost:3000${CALLBACK}`);
    expect(provider.asked.slice(1)).toEqual(['POST /token', 'GET /userinfo']);
    expect(authorization).toMatch(/^Bearer [\w.-]+$/);
  });
});

describe('coming back', () => {
  test('a new person becomes a parent: verified, named, without a password', async () => {
    const { status, text, headers } = await signIn(api);
    expect(status, text).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    const { user, access, refresh, ...more } = JSON.parse(text);
    expect(more).toEqual({});
    expect(user).toMatchObject({
      email: provider.person.email,
      email_verified: true,
      first_name: 'Wanda',
      last_name: 'Sommer',
      children: [],
    });
    expect(user.username).toMatch(/^parent-[\da-f]{12}$/);
    expect(await stored()).toMatchObject({ google_sub: provider.person.sub, password_hash: null });
    const { body: me } = await api.get('/parents/me/', access).expect(200);
    expect(me).toEqual(user);
    await api.post('/api/token/refresh/', { refresh }).expect(200);
  });

  test('the same person comes back as the same parent, with the whole family', async () => {
    const { user, access } = JSON.parse((await signIn(api)).text);
    const parent = { id: user.id, access } as never;
    const child = await addChild(api, parent);
    const campaign = await openCampaign(api, parent, child);
    const again = JSON.parse((await signIn(api)).text);
    expect(again.user.id).toBe(user.id);
    expect(again.user.children[0].campaigns[0].id).toBe(campaign.id);
  });

  test('a person is known by sub: another address leads to the same parent, whose address stays', async () => {
    const { user } = JSON.parse((await signIn(api)).text);
    for (const email of [`else-${counter}@example.com`, undefined]) {
      provider.person = { sub: provider.person.sub, email, email_verified: false };
      const again = JSON.parse((await signIn(api)).text);
      expect([again.user.id, again.user.email]).toEqual([user.id, user.email]);
    }
  });

  test('a name that was cleared is not filled again', async () => {
    const { access } = JSON.parse((await signIn(api)).text);
    await api.patch('/parents/me/', { first_name: '' }, access).expect(200);
    const { user } = JSON.parse((await signIn(api)).text);
    expect([user.first_name, user.last_name]).toEqual(['', 'Sommer']);
  });

  test('names are tidied and cut to what a name may be', async () => {
    provider.person.given_name = ` \u0000Zoe\u0308\n${'🎻'.repeat(200)}`;
    provider.person.family_name = { not: 'a name' };
    const { user } = JSON.parse((await signIn(api)).text);
    expect(user.first_name).toBe(`Zoë ${'🎻'.repeat(146)}`);
    expect(user.last_name).toBe('');
    provider.person = { ...provider.person, sub: 'broken', email: 'broken@example.com' };
    provider.person.given_name = 'A\ud800B';
    expect(JSON.parse((await signIn(api)).text).user.first_name).toBe('A\ufffdB');
  });

  test('both spellings of each path work', async () => {
    const { headers } = await send(api, 'GET', '/auth/google/login');
    const journey = { page: new URL(headers.location!) };
    const query = await agree(journey);
    const answer = await send(api, 'GET', `${CALLBACK.slice(0, -1)}?${query.toString()}`, {
      Cookie: headers['set-cookie']![0]!.split(';')[0]!,
    });
    expect(answer.status).toBe(200);
  });

  test('the Authorization header is not looked at', async () => {
    const journey = await leave(api);
    const stale = { Authorization: 'Bearer stale' };
    expect((await send(api, 'GET', '/auth/google/login/', stale)).status).toBe(302);
    const answer = await comeBack(api, await agree(journey), journey.cookie, stale);
    expect(answer.status).toBe(200);
    await api.post('/api/auth/google/exchange/', { code: 'x' }, 'stale').expect(400);
  });
});

describe('a parent who registered by password', () => {
  const register = (fields: object = {}) =>
    registerParent(api, { email: String(provider.person.email).toLowerCase(), ...fields });
  const verify = (id: number) =>
    api.database.sql(`UPDATE parents SET email_verified_at = '2026-01-01' WHERE id = $1`, [id]);

  test('with a verified address is linked and keeps the names; the password was not proven by mail', async () => {
    const parent = await register({ first_name: 'Given' });
    await verify(parent.id);
    const [{ links }] = (await api.database.sql(
      'SELECT count(*)::int AS links FROM graphile_worker.jobs',
    )) as [{ links: number }];
    const { user } = JSON.parse((await signIn(api)).text);
    expect(user).toMatchObject({ id: parent.id, first_name: 'Given', last_name: 'Sommer' });
    expect(user.username).toBe(parent.username);
    expect(await stored()).toMatchObject({
      google_sub: provider.person.sub,
      email_verified_at: new Date('2026-01-01'),
    });
    await api.get('/parents/me/', parent.access).expect(401);
    await api.post('/api/token/refresh/', parent).expect(401);
    await api.post('/api/token/', parent).expect(401);
    const jobs = await api.database.sql(
      `SELECT payload FROM graphile_worker._private_jobs ORDER BY id OFFSET ${links}`,
    );
    expect(jobs).toEqual([{ payload: { mail: 'google_linked', parentId: parent.id } }]);
  });

  test('keeps a password that was set by a mailed link, and later changes of it', async () => {
    const parent = await register();
    await verify(parent.id);
    const ctx = { now: new Date(), db: api.db, log: api.log, settings: SETTINGS };
    await createPasswordReset(ctx, { parentId: parent.id, undoId: null });
    const { token } = (await passwordResetMail(ctx, parent.id))!;
    const proven = 'a brand new secret';
    await api.post('/api/auth/password/reset/confirm/', { token, password: proven }).expect(200);
    const credentials = { email: parent.email, password: proven };
    const { body } = await api.post('/api/token/', credentials).expect(200);
    const password = 'and another one';
    const change = { password, current_password: proven };
    await api.patch('/parents/me/', change, body.access).expect(200);
    expect((await signIn(api)).status).toBe(200);
    await api.get('/parents/me/', body.access).expect(401);
    await api.post('/api/token/', { ...credentials, password }).expect(200);
    expect((await signIn(api)).status).toBe(200);
    await api.post('/api/token/', { ...credentials, password }).expect(200);
  });

  test('comes back later without ending other sessions', async () => {
    const { access } = JSON.parse((await signIn(api)).text);
    expect((await signIn(api)).status).toBe(200);
    await api.get('/parents/me/', access).expect(200);
  });

  test('with an address never verified loses password and sessions to its owner', async () => {
    const squatter = await register();
    await api.post('/api/token/', squatter).expect(200);
    const { user, access } = JSON.parse((await signIn(api)).text);
    expect(user).toMatchObject({ id: squatter.id, email_verified: true });
    expect(await stored()).toMatchObject({ password_hash: null });
    await api.get('/parents/me/', squatter.access).expect(401);
    await api.post('/api/token/refresh/', squatter).expect(401);
    await api.post('/api/token/', squatter).expect(401);
    const { body: sessions } = await api.get('/parents/me/sessions/', access).expect(200);
    expect(sessions).toHaveLength(1);
  });
});

describe('with a browser app', () => {
  const exchange = (code: string | null) => withApp.post('/api/auth/google/exchange/', { code });

  test('the browser ends there with a code, which is exchanged once', async () => {
    const answer = await signIn(withApp);
    expect([answer.status, answer.text]).toEqual([302, '']);
    const address = arrival(answer);
    expect(`${address.origin}${address.pathname}`).toBe(`${FRONTEND}/oauth-success`);
    const { code, ...more } = Object.fromEntries(address.searchParams);
    expect(more).toEqual({ login_success: 'true' });
    expect(code).toMatch(/^[\w-]{43}$/);
    const [kept] = await withApp.database.sql('SELECT * FROM exchange_codes');
    expect(kept!['code_hash']).toEqual(createHash('sha256').update(code!).digest());
    expect(await withApp.database.sql('SELECT * FROM sessions')).toEqual([]);

    const { body } = await exchange(code!).expect(200);
    expect(body.user.email).toBe(provider.person.email);
    const { body: me } = await withApp.get('/parents/me/', body.access).expect(200);
    expect(me).toEqual(body.user);
    const { body: refusal } = await exchange(code!).expect(400);
    expect(refusal.code).toBe('exchange_code_not_valid');
  });

  test('of many exchanges at once, one gets the tokens', async () => {
    const code = arrival(await signIn(withApp)).searchParams.get('code');
    const answers = await Promise.all(Array.from({ length: 12 }, () => exchange(code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(11).fill(400)]);
  });

  test('a code lives for 60 seconds', async () => {
    const codes = [arrival(await signIn(withApp)), arrival(await signIn(withApp))];
    const [one, two] = codes.map(({ searchParams }) => searchParams.get('code'));
    withApp.clock.now = later(58);
    await exchange(one!).expect(200);
    withApp.clock.now = later(62);
    await exchange(two!).expect(400);
    await signIn(withApp);
    expect(await withApp.database.sql('SELECT * FROM exchange_codes')).toHaveLength(1);
  });

  test('a code of a parent who is disabled meanwhile is worth nothing', async () => {
    const code = arrival(await signIn(withApp)).searchParams.get('code');
    await withApp.database.sql('UPDATE parents SET is_active = false');
    await exchange(code).expect(400);
  });

  test('a refusal ends there too, with its code', async () => {
    const { page, cookie } = await leave(withApp);
    const state = page.searchParams.get('state')!;
    const answer = await comeBack(withApp, `error=access_denied&state=${state}`, cookie);
    expect(arrival(answer).href).toBe(
      `${FRONTEND}/oauth-success?error=google_denied&login_success=false`,
    );
  });
});

test('what is spent and expired is swept on the way', async () => {
  await signIn(api);
  const states = () => api.database.sql('SELECT * FROM spent_google_states');
  expect((await states()).length).toBeGreaterThan(1);
  api.clock.now = later(700);
  await signIn(api);
  expect(await states()).toEqual([
    { state_hash: expect.anything(), expires_at: later(600, api.clock.now) },
  ]);
});

test('without its settings sign-in by Google says what to do', async () => {
  for (const path of ['/auth/google/login/', CALLBACK]) {
    const { body, headers } = await without.get(path).expect(503);
    expect(body).toEqual({
      detail: expect.stringContaining('GOOGLE_CLIENT_ID') as string,
      code: 'google_not_configured',
    });
    expect(headers).toHaveProperty('retry-after');
  }
  const { body } = await without.post('/api/auth/google/exchange/', { code: 'x' }).expect(400);
  expect(body.code).toBe('exchange_code_not_valid');
});

test('its addresses are taken letter by letter, for providers compare them so', () => {
  const callbackUrl = `https://api.dreamjar.example${CALLBACK}`;
  const settings = { GOOGLE_CLIENT_ID: 'a', GOOGLE_CLIENT_SECRET: 'b' };
  expect(readConfig({ ...settings, GOOGLE_CALLBACK_URL: callbackUrl }).google).toEqual({
    clientId: 'a',
    clientSecret: 'b',
    callbackUrl,
    authorizationUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenUrl: 'https://oauth2.googleapis.com/token',
    userinfoUrl: 'https://openidconnect.googleapis.com/v1/userinfo',
  });
});

test('no answer on the way cuts the pop-up from its opener, and none is kept', async () => {
  const { page, cookie } = await leave(api);
  const state = page.searchParams.get('state')!;
  const json = { 'Content-Type': 'application/json' };
  const login = '/auth/google/login';
  const exchange = '/api/auth/google/exchange/';
  const answers = [
    await send(api, 'GET', `${login}/`),
    await send(api, 'GET', login),
    await send(api, 'HEAD', login),
    await send(api, 'POST', login),
    await send(api, 'POST', login, { 'Content-Type': 'text/plain' }, 'x'),
    await send(api, 'OPTIONS', exchange, { Origin: 'http://localhost:5173' }),
    await send(without, 'GET', login),
    await send(without, 'GET', CALLBACK),
    await comeBack(api, ''),
    await comeBack(api, '%ff=%zz'),
    await comeBack(api, `error=access_denied&state=${state}`, cookie),
    await signIn(api),
    await signIn(withApp),
    await comeBack(withApp, ''),
    await send(api, 'DELETE', CALLBACK),
    await send(api, 'POST', exchange, json, '{}'),
    await send(api, 'POST', exchange, json, '{'),
    await send(api, 'GET', exchange),
    await send(api, 'GET', '/auth/google/nothing'),
  ];
  for (const { status, headers } of answers) {
    expect(headers, String(status)).not.toHaveProperty('cross-origin-opener-policy');
    expect(headers['cache-control'], String(status)).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
  }
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].sort()).toEqual([200, 204, 302, 400, 404, 405, 415, 503]);
});

test('nothing of it is in the log', async () => {
  provider.person.given_name = 'Leakproof';
  const journey = await leave(withApp);
  const query = await agree(journey);
  const code = arrival(await comeBack(withApp, query, journey.cookie)).searchParams.get('code')!;
  await withApp.post('/api/auth/google/exchange/', { code }).expect(200);
  const secrets = [
    ...query.values(),
    journey.cookie.split('=')[1]!,
    code,
    'Leakproof',
    String(provider.person.email),
    String(provider.person.sub),
    provider.google.clientSecret,
  ];
  for (const secret of secrets) expect(withApp.logged.join('\n')).not.toContain(secret);
});
