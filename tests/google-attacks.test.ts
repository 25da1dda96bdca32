import { createHmac } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import { JWT_SECRET, useApi } from './support/api.js';
import type { Answer } from './support/bare-http.js';
import { expectError } from './support/bare-http.js';
import { addChild, registerParent } from './support/factories.js';
import {
  agree,
  arrival,
  CALLBACK,
  comeBack,
  leave,
  signIn,
  useProvider,
} from './support/google.js';

const provider = useProvider(`http://localhost:3000${CALLBACK}`);
const api = useApi({ google: () => provider.google });
const withApp = useApi({
  google: () => provider.google,
  frontendUrl: 'https://app.dreamjar.example',
});

let counter = 0;

beforeEach(() => {
  counter += 1;
  api.clock.now = null;
  provider.instead = {};
  provider.person = {
    sub: `sub-${counter}`,
    email: `person-${counter}@example.com`,
    email_verified: true,
  };
});

const parents = (of = api) => of.database.sql('SELECT * FROM parents ORDER BY id');
const sessions = () => api.database.sql('SELECT id FROM sessions ORDER BY id');

/** Expects a refusal that left everything as it was. */
async function expectNothingFrom(
  attack: () => Promise<Answer | Answer[]>,
  code: string,
): Promise<void> {
  const before = [await parents(), await sessions()];
  for (const answer of [await attack()].flat()) expectError(answer, 400, code);
  expect([await parents(), await sessions()]).toEqual(before);
}

const STATE = 'google_state_not_valid';
const FAILED = 'google_failed';

describe('the state', () => {
  test('is missing: from the query, from the cookies, from both', async () => {
    const journey = await leave(api);
    const query = await agree(journey);
    const code = query.get('code')!;
    await expectNothingFrom(() => comeBack(api, `code=${code}`), STATE);
    await expectNothingFrom(() => comeBack(api, `code=${code}`, journey.cookie), STATE);
    await expectNothingFrom(() => comeBack(api, `code=${code}&state=`, journey.cookie), STATE);
    await expectNothingFrom(() => comeBack(api, query), STATE);
    await expectNothingFrom(() => comeBack(api, `code=${code}&state=undefined`), STATE);
    await expectNothingFrom(() => comeBack(api, '', 'google_sign_in='), STATE);
  });

  test("is that of another browser: an attacker's code does not sign a victim in", async () => {
    const victim = await leave(api);
    const attacker = await leave(api);
    const query = await agree(attacker);
    await expectNothingFrom(() => comeBack(api, query, victim.cookie), STATE);
    query.append('state', victim.page.searchParams.get('state')!);
    await expectNothingFrom(() => comeBack(api, query, victim.cookie), STATE);
  });

  test('has expired', async () => {
    const journey = await leave(api);
    const query = await agree(journey);
    api.clock.now = new Date(Date.now() + 601_000);
    await expectNothingFrom(() => comeBack(api, query, journey.cookie), STATE);
  });

  test('was spent before, though the code is new', async () => {
    const journey = await leave(api);
    expect((await comeBack(api, await agree(journey), journey.cookie)).status).toBe(200);
    const again = await agree(journey);
    await expectNothingFrom(() => comeBack(api, again, journey.cookie), STATE);
  });

  test('was spent by a refusal', async () => {
    const journey = await leave(api);
    const query = await agree(journey);
    const refused = `error=access_denied&state=${query.get('state')}`;
    await expectNothingFrom(() => comeBack(api, refused, journey.cookie), 'google_denied');
    await expectNothingFrom(() => comeBack(api, query, journey.cookie), STATE);
  });

  test('comes many times at once, each with a code of its own: one is signed in', async () => {
    const journey = await leave(api);
    const queries = await Promise.all(Array.from({ length: 12 }, () => agree(journey)));
    const answers = await Promise.all(queries.map((one) => comeBack(api, one, journey.cookie)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...(Array(11).fill(400) as number[])]);
  });

  test('is remembered as a hash only', async () => {
    await signIn(api);
    const rows = await api.database.sql<{ state_hash: Buffer }>(
      'SELECT state_hash FROM spent_google_states',
    );
    for (const { state_hash: hash } of rows) expect(hash).toHaveLength(32);
  });
});

/** Forgeries of a cookie's value, made from an honest one of this browser. */
const forgeries: Record<string, (parts: string[], stateAsked: string) => string> = {
  'with another state': ([, verifier, expiry, mac], state) => join(state, verifier, expiry, mac),
  'with another verifier': ([state, , expiry, mac]) => join(state, 'x'.repeat(43), expiry, mac),
  'with a later expiry': ([state, verifier, expiry, mac]) =>
    join(state, verifier, String(Number(expiry) + 1), mac),
  'without its signature': ([state, verifier, expiry]) => join(state, verifier, expiry),
  'with an empty signature': ([state, verifier, expiry]) => join(state, verifier, expiry, ''),
  'with half a signature': ([state, verifier, expiry, mac]) =>
    join(state, verifier, expiry, mac!.slice(0, 20)),
  'signed with no secret': (parts) => join(...sign(parts, '')),
  'signed with the secret itself': (parts) => join(...sign(parts, JWT_SECRET)),
  'that never expires': ([state, verifier]) => join(...sign([state!, verifier!, 'NaN'], '')),
};

const join = (...parts: (string | undefined)[]) => parts.join('.');
const sign = (parts: string[], key: string) => {
  const content = parts.slice(0, 3);
  const mac = createHmac('sha256', key).update(content.join('.')).digest('base64url');
  return [...content, mac];
};

test.each(Object.keys(forgeries))('a cookie %s is refused', async (name) => {
  const journey = await leave(api);
  const other = await leave(api);
  const query = await agree(name === 'with another state' ? other : journey);
  const parts = journey.cookie.split('=')[1]!.split('.');
  const forged = forgeries[name]!(parts, query.get('state')!);
  await expectNothingFrom(() => comeBack(api, query, `google_sign_in=${forged}`), STATE);
});

test('a token of ours is no cookie, and a cookie no token', async () => {
  const { access } = await registerParent(api);
  const journey = await leave(api);
  const query = await agree(journey);
  await expectNothingFrom(() => comeBack(api, query, `google_sign_in=${access}`), STATE);
  await api.get('/parents/me/', journey.cookie.split('=')[1]).expect(401);
});

test("a code that was agreed to in another's sign-in is refused by its challenge", async () => {
  const victim = await leave(api);
  const attacker = await leave(api);
  const code = (await agree(attacker)).get('code')!;
  const query = new URLSearchParams({ code, state: victim.page.searchParams.get('state')! });
  await expectNothingFrom(() => comeBack(api, query, victim.cookie), FAILED);
});

test.each([
  ['the person refuses', 'error=access_denied', 'google_denied'],
  ['the provider reports an error', 'error=server_error', FAILED],
  ['the error comes twice', 'error=a&error=b', FAILED],
  ['there is no code', '', FAILED],
  ['the code is empty', 'code=', FAILED],
  ['the code comes twice', 'code=a&code=b', FAILED],
  ['the code is nested', 'code[x]=a', FAILED],
  ['the code is unknown', `code=${'x'.repeat(5_000)}`, FAILED],
  ['the code would be a header', 'code=a%0d%0aX-Evil:%201', FAILED],
])('when %s, nobody is signed in', async (_name, query, code) => {
  const { page, cookie } = await leave(api);
  const state = page.searchParams.get('state')!;
  await expectNothingFrom(() => comeBack(api, `${query}&state=${state}`, cookie), code);
});

test('when the provider reports an error beside a good code, nobody is signed in', async () => {
  const journey = await leave(api);
  const query = await agree(journey);
  query.set('error', 'server_error');
  await expectNothingFrom(() => comeBack(api, query, journey.cookie), FAILED);
});

const answers = (status: number, body: string, type = 'application/json'): RequestListener => {
  return (_req, res) => void res.writeHead(status, { 'Content-Type': type }).end(body);
};
/** Good as a token and as a person. */
const GOOD = JSON.stringify({
  access_token: 'x',
  sub: 'trouble',
  email: 'trouble@example.com',
  email_verified: true,
});

const troubles: Record<string, RequestListener> = {
  'refuses the client': answers(401, '{"error":"invalid_client","error_description":"who?"}'),
  'refuses in its own way': answers(400, '{"error":{"message":"no","code":7}}'),
  'has an error of its own': answers(500, 'oops', 'text/html'),
  'has an error, but good words': answers(500, GOOD),
  'answers with a page': answers(200, '<html>maintenance</html>', 'text/html'),
  'answers with nothing': answers(200, ''),
  'answers with null': answers(200, 'null'),
  'answers with a number': answers(200, '7'),
  'answers with a list': answers(200, '[]'),
  'answers with half a form': answers(200, '{"sub":"x","access_token":'),
  'leads elsewhere': (_req, res) => void res.writeHead(302, { Location: '/elsewhere' }).end(GOOD),
  'hangs up': (req) => void req.socket.destroy(),
  'hangs up in the middle': (req, res) => {
    res.writeHead(200, { 'Content-Length': 100 }).write('{"sub":');
    setTimeout(() => req.socket.destroy(), 20);
  },
  'answers too much': answers(200, JSON.stringify({ access_token: 'x', sub: 'x'.repeat(200_000) })),
};

describe.each(['/token', '/userinfo'] as const)("when the provider's %s", (endpoint) => {
  test.each(Object.keys(troubles))('%s, nobody is signed in', async (name) => {
    provider.instead = { [endpoint]: troubles[name]!, '/elsewhere': answers(200, GOOD) };
    await expectNothingFrom(() => signIn(api), FAILED);
  });
});

test('a provider that is silent or never ends is given up in good time', async () => {
  const dribble: RequestListener = (_req, res) => {
    const timer = setInterval(() => res.write(' '), 200);
    res.on('close', () => clearInterval(timer));
  };
  const journeys = await Promise.all([leave(api), leave(api)]);
  const queries = await Promise.all(journeys.map(agree));
  const began = Date.now();
  await expectNothingFrom(async () => {
    provider.instead = { '/token': () => undefined };
    const silent = comeBack(api, queries[0]!, journeys[0].cookie);
    await expect.poll(() => provider.asked.at(-1)).toBe('POST /token');
    provider.instead = { '/userinfo': dribble };
    return Promise.all([silent, comeBack(api, queries[1]!, journeys[1].cookie)]);
  }, FAILED);
  expect(Date.now() - began).toBeLessThan(8_000);
});

test.each([
  ['nobody', {}],
  ['a number', { sub: 7 }],
  ['an empty name', { sub: '' }],
  ['a name too long', { sub: 'x'.repeat(256) }],
  ['a name with a NUL', { sub: 'x\u0000' }],
  ['a list', { sub: ['sub-1'] }],
])('a provider that names %s signs nobody in', async (_name, person) => {
  provider.person = { email: 'x@example.com', email_verified: true, ...person };
  await expectNothingFrom(() => signIn(api), FAILED);
});

describe('an address that the provider did not verify', () => {
  test.each([
    ['false', false],
    ['"true"', 'true'],
    ['1', 1],
    ['nothing', undefined],
    ['null', null],
  ])('(email_verified is %s) links to nobody and makes nobody', async (_name, verified) => {
    provider.person.email_verified = verified;
    await expectNothingFrom(() => signIn(api), 'google_email_not_verified');
    await registerParent(api, { email: provider.person.email });
    await expectNothingFrom(() => signIn(api), 'google_email_not_verified');
  });
});

test.each([
  ['none', undefined],
  ['no address', 'person'],
  ['two', ['a@example.com', 'b@example.com']],
  ['one that only looks like ours', '\u212Aate@example.com'],
  ['one with blanks', ' kate@example.com '],
  ['one with a NUL', 'kate@example.com\u0000'],
])('of addresses, %s is as good as none', async (_name, email) => {
  await registerParent(api, { email: `kate@example.com` }).catch(() => undefined);
  provider.person.email = email;
  await expectNothingFrom(() => signIn(api), 'google_email_not_verified');
});

test('a parent who is linked is not linked to another person with the same address', async () => {
  await signIn(api);
  provider.person.sub = 'another';
  await expectNothingFrom(() => signIn(api), 'google_linked_elsewhere');
});

test('a parent who is not active is not signed in, nor linked', async () => {
  const { id } = await registerParent(api, { email: provider.person.email });
  await api.database.sql('UPDATE parents SET is_active = false WHERE id = $1', [id]);
  await expectNothingFrom(() => signIn(api), 'google_account_inactive');
  await api.database.sql('UPDATE parents SET google_sub = $1 WHERE id = $2', [
    provider.person.sub,
    id,
  ]);
  await expectNothingFrom(() => signIn(api), 'google_account_inactive');
});

test('of many callbacks at once for one new person, all are signed in as one parent', async () => {
  const before = (await parents()).length;
  const journeys = await Promise.all(Array.from({ length: 8 }, () => leave(api)));
  const queries = await Promise.all(journeys.map(agree));
  const all = await Promise.all(
    queries.map((query, at) => comeBack(api, query, journeys[at]!.cookie)),
  );
  expect(all.map(({ status }) => status)).toEqual(Array(8).fill(200));
  const ids = new Set(
    all.map(({ text }) => (JSON.parse(text) as { user: { id: number } }).user.id),
  );
  expect(ids.size).toBe(1);
  expect(await parents()).toHaveLength(before + 1);
});

test.each([
  ['nobody has', false],
  ['a parent has', true],
])('of people who claim at once an address that %s, one gets it', async (_name, taken) => {
  for (let round = 1; round <= 3; round += 1) {
    const email = `claimed-${round}-${taken}@example.com`;
    if (taken) await registerParent(api, { email });
    const journeys = await Promise.all(Array.from({ length: 5 }, () => leave(api)));
    const queries = await Promise.all(journeys.map(agree));
    let people = 0;
    provider.instead['/userinfo'] = (_req, res) => {
      people += 1;
      const sub = `claimant-${people}-of-${email}`;
      res.end(JSON.stringify({ sub, email, email_verified: true }));
    };
    const all = await Promise.all(
      queries.map((query, at) => comeBack(api, query, journeys[at]!.cookie)),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400]);
  }
});

test('a registration of the same address at the same moment ends in one account, and it is its owner’s', async () => {
  for (let round = 1; round <= 5; round += 1) {
    const email = `race-${round}@example.com`;
    provider.person = { sub: `race-${round}`, email, email_verified: true };
    const journey = await leave(api);
    const query = await agree(journey);
    const fields = { username: `race-${round}`, email, password: 'correct horse battery' };
    const [registered, signedIn] = await Promise.all([
      api.post('/parents/', fields),
      comeBack(api, query, journey.cookie),
    ]);
    expect([201, 400]).toContain(registered.status);
    expect(signedIn.status, signedIn.text).toBe(200);
    const rows = await api.database.sql('SELECT * FROM parents WHERE email = $1', [email]);
    expect(rows).toMatchObject([{ google_sub: `race-${round}`, password_hash: null }]);
  }
});

test('who signs in by the password at the moment it is taken away does not stay signed in', async () => {
  for (let round = 1; round <= 5; round += 1) {
    const email = `squatted-${round}@example.com`;
    provider.person = { sub: `owner-${round}`, email, email_verified: true };
    const squatter = await registerParent(api, { email });
    const journey = await leave(api);
    const query = await agree(journey);
    const [owner, ...logins] = await Promise.all([
      comeBack(api, query, journey.cookie),
      ...Array.from({ length: 6 }, () => api.post('/api/token/', squatter)),
    ]);
    expect(owner.status).toBe(200);
    for (const { status, body } of logins) {
      expect([200, 401]).toContain(status);
      if (status === 200) await api.get('/parents/me/', body.access).expect(401);
    }
  }
});

test('nothing in a query or a header leads elsewhere', async () => {
  const evil = 'https://evil.example/';
  const lures = new URLSearchParams({ next: evil, redirect_uri: evil, frontend: evil, code: evil });
  for (const name of ['continue', 'returnTo', 'callback', 'url', 'login_success'])
    lures.append(name, evil);
  const headers = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', Referer: evil };
  const journey = await leave(withApp, `?${lures.toString()}`);
  expect(journey.page.href).not.toContain('evil');
  const query = await agree(journey);
  lures.delete('code');
  for (const sent of [`${query.toString()}&${lures.toString()}`, `error=${evil}`, '']) {
    const { status, headers: got } = await comeBack(withApp, sent, journey.cookie, headers);
    expect(status).toBe(302);
    expect(got.location).toMatch(/^https:\/\/app\.dreamjar\.example\/oauth-success\?/);
    expect(got.location).not.toContain('evil');
  }
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['an empty text', ''],
  ['a text too long', 'x'.repeat(201)],
  ['a control character', 'x\u0000y'],
])('an exchange of %s names its field', async (_name, code) => {
  const { body } = await withApp.post('/api/auth/google/exchange/', { code }).expect(400);
  expect(body).toEqual({ code: [expect.any(String)] });
});

test('neither the hash of a code nor another text is exchanged', async () => {
  await signIn(withApp);
  const [row] = await withApp.database.sql<{ code_hash: Buffer }>('SELECT * FROM exchange_codes');
  for (const encoding of ['hex', 'base64url'] as const) {
    const code = row!.code_hash.toString(encoding);
    const { body } = await withApp.post('/api/auth/google/exchange/', { code }).expect(400);
    expect(body.code).toBe('exchange_code_not_valid');
  }
});

describe('who proved one address and then took another unproven', () => {
  /** An account with a child, at an address that is not its parent's. */
  async function squat(email: string) {
    const { text } = await signIn(api);
    const { user, access } = JSON.parse(text) as { user: { id: number }; access: string };
    await addChild(api, { id: user.id, access } as never);
    await api.put('/parents/me/', { email }, access).expect(200);
    return { id: user.id, own: String(provider.person.email), access };
  }
  const signedIn = async () => {
    const { status, text } = await signIn(api);
    expect(status, text).toBe(200);
    return JSON.parse(text) as { user: { id: number; email: string; children: object[] } };
  };

  test('gives way to its owner, who gets none of the family', async () => {
    const email = `victim-${counter}@example.com`;
    const squatter = await squat(email);
    const person = provider.person;
    provider.person = { sub: `owner-${counter}`, email, email_verified: true };
    const { user } = await signedIn();
    expect(user).toMatchObject({ email, email_verified: true, children: [] });
    expect(user.id).not.toBe(squatter.id);
    await api.get('/parents/me/', squatter.access).expect(401);
    provider.person = person;
    const { user: again } = await signedIn();
    expect(again).toMatchObject({ id: squatter.id, email: squatter.own, email_verified: true });
    expect(again.children).toHaveLength(1);
    provider.person = { sub: `owner-${counter}`, email, email_verified: true };
    expect((await signedIn()).user.id).toBe(user.id);
  });

  test('of many sign-ins of the owner at once all end in one account', async () => {
    const email = `crowd-${counter}@example.com`;
    const squatter = await squat(email);
    provider.person = { sub: `owner-${counter}`, email, email_verified: true };
    const all = await Promise.all(Array.from({ length: 6 }, signedIn));
    const ids = new Set(all.map(({ user }) => user.id));
    expect(ids.size).toBe(1);
    expect(ids).not.toContain(squatter.id);
  });

  test('after 72 hours the address is taken as the account’s own', async () => {
    const email = `much-later-${counter}@example.com`;
    const squatter = await squat(email);
    await api.database.sql('UPDATE email_undos SET expires_at = now()');
    provider.person = { sub: `owner-${counter}`, email, email_verified: true };
    expect((await signedIn()).user.id).toBe(squatter.id);
    await api.get('/parents/me/', squatter.access).expect(401);
  });
});

test('whose address was changed gets the account back by Google, as by the link in the mail', async () => {
  const email = `owner-${counter}@example.com`;
  const owner = await registerParent(api, { email });
  await addChild(api, owner);
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [owner.id]);
  const thief = `thief-${counter}@example.com`;
  await api.patch('/parents/me/', { email: thief }, owner.access).expect(200);
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [owner.id]);
  provider.person = { sub: `thief-${counter}`, email: thief, email_verified: true };
  const { access } = JSON.parse((await signIn(api)).text) as { access: string };
  provider.person = { sub: `owner-${counter}`, email, email_verified: true };
  const { user } = JSON.parse((await signIn(api)).text) as { user: object };
  expect(user).toMatchObject({ id: owner.id, email, children: [{ name: 'Mia Sommer' }] });
  await api.get('/parents/me/', access).expect(401);
  provider.person = { sub: `thief-${counter}`, email: thief, email_verified: true };
  const { user: other } = JSON.parse((await signIn(api)).text) as { user: { id: number } };
  expect(other.id).not.toBe(owner.id);
});

test('a code that waits to be exchanged ends with the sessions', async () => {
  const codeOf = async () => arrival(await signIn(withApp)).searchParams.get('code');
  const exchange = (code: string | null) => withApp.post('/api/auth/google/exchange/', { code });
  const { body } = await exchange(await codeOf()).expect(200);
  const waiting = await codeOf();
  await withApp.delete('/parents/me/sessions/', body.access as string).expect(204);
  await exchange(waiting).expect(400);
});
