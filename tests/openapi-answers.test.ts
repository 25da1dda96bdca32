import supertest from 'supertest';
import { expect, test } from 'vitest';
import { addressChangedMail } from '../src/features/accounts/email-change/email-change.service.js';
import {
  createPasswordReset,
  passwordResetMail,
} from '../src/features/accounts/password-reset/password-reset.service.js';
import { verificationMail } from '../src/features/accounts/verification/verification.service.js';
import { useApi } from './support/api.js';
import { useDocument } from './support/document.js';
import {
  donate,
  guestGift,
  openJar,
  registerParent,
  yearsAgo,
  type TestParent,
} from './support/factories.js';
import { agree, arrival, CALLBACK, leave, signIn, useProvider } from './support/google.js';
import { hold, untilWaiting } from './support/locks.js';
import { usePayments } from './support/paying.js';
import { usedUp } from './support/figures.js';
import { SETTINGS } from './support/worker.js';

const api = useApi();
const provider = useProvider(`http://localhost:3000${CALLBACK}`);
const google = useApi({ google: () => provider.google });
const withApp = useApi({
  google: () => provider.google,
  frontendUrl: 'https://app.dreamjar.example',
});
const away = useApi({ through: () => Promise.resolve('postgresql://nobody@127.0.0.1:1/nothing') });
/** The same API, where nothing is allowed any more. */
const limited = useApi({ rateLimit: true, limits: usedUp(), on: () => api.database });
const payments = usePayments();
const served = useDocument(api);

interface Call {
  id?: number | string;
  session?: number;
  token?: string;
  query?: string;
  headers?: Record<string, string>;
  body?: unknown;
  type?: string;
}

const seen = new Set<string>();

/** Makes a call, and expects the status and the form that the document tells. */
async function call(operation: string, status: number, options: Call = {}, of = api) {
  const { id = 'me', session = 999_999, token, query = '', body, type = 'json' } = options;
  const [method, path] = operation.split(' ') as [string, string];
  const verb = method.toLowerCase() as 'delete';
  const place = path.replace('{id}', String(id)).replace('{session}', String(session));
  const request = supertest(of.address)
    [verb](place + query)
    .redirects(0);
  if (token) void request.set('Authorization', `Bearer ${token}`);
  if (options.headers) void request.set(options.headers);
  if (body !== undefined) void request.type(type).send(body as object);
  const response = await request;
  expect(response.status, `${operation}: ${response.text}`).toBe(status);
  served.expectDocumented(operation, response);
  seen.add(`${operation} ${status}`);
  return response;
}

const NEW_CHILD = { name: 'Ben', date_of_birth: yearsAgo(3) };
const NEW_CAMPAIGN = { title: 'Boots', description: 'Red.', goal: 90, category: 'sports' };
const PRIVATE =
  /^\w+ \/(parents\/\{id\}|children|donations|api\/auth\/email\/[vr])|^(PUT|PATCH|DELETE) \/campaigns|\/(statistics\/|donations\.csv)$/;
const RECEIPT = 'GET /donations/{id}/receipt/';
const GIVE = 'POST /campaigns/{id}/donations/';
const WEBHOOK = 'POST /webhooks/stripe/';

/** Says that a parent has shown whose the address is. */
async function verify({ id }: { id: number }): Promise<void> {
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [id]);
}

/** A campaign to which its owner, whose address is verified, has given; and the id that a path is to name. */
async function openGivenJar() {
  const { parent, child, campaign } = await openJar(api);
  await verify(parent);
  const gift = await donate(api, campaign, {}, parent);
  const ids: Record<string, number> = {
    parents: parent.id,
    children: child.id,
    campaigns: campaign.id,
    donations: gift.id,
  };
  const idFor = (operation: string) => ids[operation.split('/')[1]!] ?? 0;
  return { parent, child, campaign, gift, idFor };
}

test('every refusal is in the form that the document tells', async () => {
  const { parent, child, campaign, gift, idFor } = await openGivenJar();
  const stranger = await registerParent(api);
  for (const [operation, { requestBody, parameters = [] }] of served.operations) {
    const id = idFor(operation);
    const token = parent.access;
    const paged = parameters.some(({ name }) => name === 'cursor');
    if (PRIVATE.test(operation)) await call(operation, 401, { id, body: requestBody && {} });
    if (PRIVATE.test(operation) || / \/campaigns/.test(operation))
      await call(operation, 401, { id, token: 'bad', body: requestBody && {} });
    if (PRIVATE.test(operation) && operation.includes('{id}'))
      await call(operation, 403, { id, token: stranger.access, body: requestBody && {} });
    if (operation.includes('{id}'))
      await call(operation, 404, { id: 999_999, token, body: requestBody && {} });
    if (paged) await call(operation, 400, { id, token, query: '?cursor=x&page_size=0' });
    if (!requestBody) continue;
    // A webhook's body is parsed once its signature is checked, and may be larger.
    if (operation !== WEBHOOK) {
      await call(operation, 400, { id, token, body: '[]' });
      await call(operation, 400, { id, token, body: '{' });
    }
    const tooMuch = operation === WEBHOOK ? 1_100_000 : 100_001;
    await call(operation, 413, { id, token, body: 'x'.repeat(tooMuch) });
    await call(operation, 415, { id, token, body: 'x', type: 'text' });
  }
  for (const operation of ['POST /parents/', 'POST /api/token/', 'POST /api/token/refresh/'])
    await call(operation, 400, { body: {} });
  const nobody = { email: 'nobody@example.com', password: 'not a password' };
  await call('POST /api/token/', 401, { body: nobody });
  await call('POST /api/token/refresh/', 401, { body: { refresh: 'bad' } });
  await call('POST /api/token/blacklist/', 401, { body: { refresh: 'bad' } });
  await call('POST /donations/claims/', 403, { token: stranger.access, body: {} });
  for (const operation of ['GET /campaigns/{id}/statistics/', 'GET /children/{id}/statistics/']) {
    const asked = { id: idFor(operation), token: parent.access, query: '?from=x' };
    await call(operation, 400, asked);
  }
  for (const operation of [RECEIPT, 'GET /donations/{id}/'])
    await call(operation, 400, { id: gift.id, token: parent.access, query: '?token=a&token=b' });
  await call('DELETE /parents/{id}/', 409, { token: parent.access });
  await call('DELETE /children/{id}/', 409, { id: child.id, token: parent.access });
  const closing = { id: campaign.id, token: parent.access, body: { is_open: false } };
  await call('PUT /campaigns/{id}/', 200, closing);
  await call(GIVE, 409, { id: campaign.id, body: guestGift() });
});

test('every success is in the form that the document tells', async () => {
  const { parent, child, campaign } = await openJar(api, { deadline: '2099-01-01' });
  const { access: token, refresh, email, password } = parent;
  const atChild = { id: child.id, token };
  const atCampaign = { id: campaign.id, token };
  await call('GET /health/live', 200);
  await call('GET /health/ready', 200);
  const { headers: config } = await call('GET /config/', 200);
  await call('GET /config/', 304, { headers: { 'If-None-Match': String(config['etag']) } });
  await call('GET /', 200);
  await call('GET /', 303, { headers: { Accept: 'text/html' } });
  const registration = { username: 'Bea', email: 'bea@example.com', password };
  const { body: registered } = await call('POST /parents/', 201, { body: registration });
  await call('POST /api/token/', 200, { body: { email, password } });
  await call('POST /api/token/refresh/', 200, { body: { refresh } });
  await call('POST /api/token/blacklist/', 200, { body: { refresh: registered.refresh } });

  await call('POST /parents/{id}/children/', 201, { token, body: NEW_CHILD });
  await call('POST /children/{id}/campaigns/', 201, { ...atChild, body: NEW_CAMPAIGN });
  await call(GIVE, 201, { id: campaign.id, body: guestGift() });
  await call(GIVE, 201, { id: campaign.id, body: guestGift({ anonymous: true }) });
  await call(GIVE, 201, { ...atCampaign, body: { amount: '12', comment: 'From us' } });
  for (const verb of ['PUT', 'PATCH']) {
    await call(`${verb} /parents/{id}/`, 200, { token, body: { last_name: 'Berg' } });
    await call(`${verb} /children/{id}/`, 200, { ...atChild, body: { gender: 'female' } });
    await call(`${verb} /campaigns/{id}/`, 200, { ...atCampaign, body: { goal: 5 } });
  }
  for (const viewer of [undefined, token]) {
    const as = viewer === undefined ? {} : { token: viewer };
    await call('GET /campaigns/', 200, { ...as, query: '?page_size=1&sort=ending_soon' });
    await call('GET /campaigns/{id}/', 200, { id: campaign.id, ...as });
    await call('GET /campaigns/{id}/donations/', 200, { id: campaign.id, ...as });
  }
  // Each second changes what tells of a deadline.
  api.clock.now = new Date();
  for (const path of ['/campaigns/', '/campaigns/{id}/', '/campaigns/{id}/donations/']) {
    const { headers } = await call(`GET ${path}`, 200, { id: campaign.id });
    const asked = { id: campaign.id, headers: { 'If-None-Match': String(headers['etag']) } };
    await call(`GET ${path}`, 304, asked);
  }
  api.clock.now = null;
  await call('GET /children/{id}/', 200, atChild);
  await call('GET /children/{id}/campaigns/', 200, atChild);
  await call('GET /parents/{id}/', 200, { token });
  await call('GET /parents/{id}/children/', 200, { token });

  await passwordsAndSessions(parent, token);
  await call('GET /campaigns/{id}/statistics/', 200, atCampaign);
  await call('GET /children/{id}/statistics/', 200, atChild);
  await call('GET /campaigns/{id}/donations.csv', 200, atCampaign);
  const gift = await donate(api, campaign, { donor_email: email });
  await claimsReceiptsAndRefunds(gift, token);
  await call('DELETE /campaigns/{id}/', 204, atCampaign);
  const { body: history } = await call('GET /donations/', 200, { token });
  expect(history[0].campaign.title).toBe('Deleted DreamJar');
  await api.database.sql('UPDATE campaigns SET is_open = false');
  await call('DELETE /children/{id}/', 204, atChild);
  await call('DELETE /parents/{id}/', 204, { token });
});

async function passwordsAndSessions({ id, email, password }: TestParent, token: string) {
  const { body: sessions } = await call('GET /parents/{id}/sessions/', 200, { token });
  expect(sessions).not.toEqual([]);
  const { body: other } = await call('POST /api/token/', 200, { body: { email, password } });
  const { body: both } = await call('GET /parents/{id}/sessions/', 200, { token: other.access });
  const ending = { token, session: both[0].id as number };
  await call('DELETE /parents/{id}/sessions/{session}/', 204, ending);
  await call('DELETE /parents/{id}/sessions/', 204, { token });

  // What the mail says, as the worker finds it out.
  const ctx = { now: new Date(), db: api.db, log: api.log, settings: SETTINGS };
  await call('POST /api/auth/email/resend/', 202, { token });
  const { code } = (await verificationMail(ctx, id))!;
  await call('POST /api/auth/email/verify/', 200, { token, body: { code } });

  const forgetful = await registerParent(api);
  await call('POST /api/auth/password/reset/', 202, { body: { email: forgetful.email } });
  await createPasswordReset(ctx, { parentId: forgetful.id, undoId: null });
  const link = (await passwordResetMail(ctx, forgetful.id))!;
  const body = { token: link.token, password: 'a brand new secret' };
  await call('POST /api/auth/password/reset/confirm/', 200, { body });

  const signIn = { email: forgetful.email, password: body.password };
  const { body: again } = await call('POST /api/token/', 200, { body: signIn });
  const moved = { token: again.access, body: { email: `moved-${forgetful.email}` } };
  await call('PATCH /parents/{id}/', 200, moved);
  const where = { parentId: forgetful.id };
  const undo = await api.db.prisma.emailUndo.findFirstOrThrow({ where });
  const { token: undoToken } = (await addressChangedMail(ctx, undo.id))!;
  await call('POST /api/auth/email/undo/', 200, { body: { token: undoToken } });
  await call('POST /api/auth/email/undo/', 400, { body: { token: undoToken } });
}

async function claimsReceiptsAndRefunds({ id }: { id: number }, token: string) {
  const { body: claimable } = await call('GET /donations/claimable/', 200, { token });
  expect(claimable).toMatchObject([{ id }]);
  await call('POST /donations/claims/', 201, { token, body: { donations: [id] } });
  await call('GET /donations/{id}/', 200, { id, token });
  const receipt = await call(RECEIPT, 200, { id, token });
  expect(receipt.type).toBe('application/json');
  const pdf = await call(RECEIPT, 200, { id, token, headers: { Accept: 'application/pdf' } });
  expect(pdf.type).toBe('application/pdf');
  await call('POST /donations/{id}/refunds/', 201, { id, token, body: { amount: 5 } });
  const { body: refunds } = await call('GET /donations/{id}/refunds/', 200, { id, token });
  expect(refunds).toMatchObject([{ donation: id, amount: 5 }]);
}

test('every key is told, and is for one request as the document tells', async () => {
  const { parent, idFor } = await openGivenJar();
  const bodies: Record<string, object> = {
    'POST /parents/{id}/children/': NEW_CHILD,
    'POST /children/{id}/campaigns/': NEW_CAMPAIGN,
    [GIVE]: { amount: 3 },
  };
  for (const [operation, { parameters = [], responses }] of served.operations) {
    const isKeyed = parameters.some(({ name }) => name === 'Idempotency-Key');
    expect(isKeyed, operation).toBe('422' in responses);
    if (!isKeyed) continue;
    const sent = {
      id: idFor(operation),
      token: parent.access,
      headers: { 'Idempotency-Key': operation },
      body: bodies[operation] ?? {},
    };
    // The first is stopped where it would store its answer.
    const holder = await hold(api, 'LOCK idempotent_requests IN SHARE ROW EXCLUSIVE MODE');
    const first = call(operation, 201, sent);
    await untilWaiting(api, 1);
    const inFlight = await call(operation, 409, sent);
    expect(inFlight.body.code).toBe('idempotency_in_flight');
    await holder.release();
    await first;
    await call(operation, 422, { ...sent, body: { amount: 4 } });
  }
});

test('every limit is told, and refuses as the document tells', async () => {
  const { parent, campaign } = await openJar(api);
  for (const [operation, { requestBody, responses }] of served.operations) {
    if (!('429' in responses)) continue;
    expect(responses['429'].description, operation).toMatch(/At most \d/);
    const id = operation.includes('campaigns') ? campaign.id : 'me';
    const body = requestBody && {};
    await call(operation, 429, { id, token: parent.access, body }, limited);
  }
});

test('without the database every operation says so as the document tells', async () => {
  const { parent, idFor } = await openGivenJar();
  const bodies: Record<string, object> = {
    'POST /parents/': { username: 'Cleo', email: 'cleo@example.com', password: parent.password },
    'POST /api/token/': parent,
    'POST /api/token/refresh/': parent,
    'POST /api/token/blacklist/': parent,
    'POST /api/auth/google/exchange/': { code: 'x' },
    'POST /api/auth/email/verify/': { code: '7Q4D0XKM' },
    'POST /api/auth/email/undo/': { token: 'x' },
    'POST /api/auth/password/reset/': { email: 'cleo@example.com' },
    'POST /api/auth/password/reset/confirm/': { token: 'x', password: parent.password },
  };
  for (const [operation, { responses }] of served.operations) {
    if (!responses['503']) continue;
    const id = idFor(operation);
    const token = parent.access;
    await call(
      operation,
      503,
      {
        id,
        token,
        body: bodies[operation] ?? (served.operations.get(operation)?.requestBody && {}),
      },
      away,
    );
  }
});

test('sign-in by Google is in the form that the document tells', async () => {
  provider.person = { sub: '1', email: 'gina@example.com', email_verified: true };
  const [login, back, exchange] = [
    'GET /auth/google/login/',
    `GET ${CALLBACK}`,
    'POST /api/auth/google/exchange/',
  ];
  await call(login, 302, {}, google);
  await call(back, 400, {}, google);
  await call(back, 400, { query: '?code=%ff' }, google);
  const journey = await leave(google);
  const query = `?${(await agree(journey)).toString()}`;
  await call(back, 200, { query, headers: { Cookie: journey.cookie } }, google);
  await call(back, 302, {}, withApp);
  const code = arrival(await signIn(withApp)).searchParams.get('code');
  await call(exchange, 200, { body: { code } }, withApp);
  await call(exchange, 400, { body: { code } }, withApp);
});

test('paying at Stripe is in the form that the document tells', async () => {
  const { api: paying, stripe } = payments;
  const { campaign } = await openJar(paying);
  const { access: token } = await registerParent(paying);
  const given = { id: campaign.id, token, body: { amount: 9 } };
  const { body: gift } = await call(GIVE, 201, given, paying);
  expect(gift).toHaveProperty('checkout_url');
  await call(RECEIPT, 409, { id: gift.id, token }, paying);
  const [session] = stripe.ledger.sessions.keys();
  const { body, headers } = stripe.sign(stripe.pay(session!));
  const forged = { ...headers, 'stripe-signature': 't=1,v1=00' };
  await call(WEBHOOK, 400, { body, headers: forged }, paying);
  await call(WEBHOOK, 503, { body, headers });
  await call(WEBHOOK, 200, { body, headers }, paying);
  await call(RECEIPT, 200, { id: gift.id, token }, paying);
});

test('every answer that the document tells was seen', () => {
  const told = [...served.operations].flatMap(([operation, { responses }]) =>
    Object.keys(responses).map((status) => `${operation} ${status}`),
  );
  const unseen = told.filter(
    (answer) => !seen.has(answer) && !/ \/(docs|openapi|metrics)/.test(answer),
  );
  expect(unseen).toEqual([]);
});

test('the examples of the document fit it and are accepted', async () => {
  const examples = new Map<string, object>();
  for (const [operation, { requestBody }] of served.operations) {
    const { example } = requestBody?.content['application/json'] ?? {};
    if (!example) continue;
    const [method, path] = operation.split(' ') as [string, string];
    const place = ['paths', path, method.toLowerCase(), 'requestBody', 'content'];
    const validate = served.validatorAt(...place, 'application/json', 'schema');
    expect(validate(example), `${operation}: ${served.ajv.errorsText(validate.errors)}`).toBe(true);
    examples.set(operation, example);
  }
  const bodied = [...served.operations].filter(([, { requestBody }]) => requestBody);
  const without = bodied.map(([operation]) => operation).filter((name) => !examples.has(name));
  // What only an answer or a mail can tell, and what only Stripe can sign.
  expect(without).toEqual([
    'POST /api/token/refresh/',
    'POST /api/token/blacklist/',
    'POST /api/auth/email/undo/',
    'POST /api/auth/password/reset/confirm/',
    'POST /webhooks/stripe/',
    'POST /api/auth/email/verify/',
  ]);

  const body = (operation: string) => ({ body: examples.get(operation) });
  const attempt = (operation: string, status: number, options: Call = {}) =>
    call(operation, status, { ...options, ...body(operation) });
  const { body: registered } = await attempt('POST /parents/', 201);
  await attempt('POST /api/auth/password/reset/', 202);
  const { body: tokens } = await attempt('POST /api/token/', 200);
  const token = String(tokens.access);
  const { body: child } = await attempt('POST /parents/{id}/children/', 201, { token });
  const { body: campaign } = await attempt('POST /children/{id}/campaigns/', 201, {
    id: child.id,
    token,
  });
  const { body: gift } = await attempt(GIVE, 201, { id: campaign.id });
  await attempt('POST /donations/{id}/refunds/', 201, { id: gift.id, token });
  await giveAs(registered.user, campaign, examples.get('POST /donations/claims/'));
  await attempt('POST /donations/claims/', 201, { token });
  for (const verb of ['PUT', 'PATCH']) {
    await attempt(`${verb} /parents/{id}/`, 200, { token });
    await attempt(`${verb} /children/{id}/`, 200, { id: child.id, token });
    await attempt(`${verb} /campaigns/{id}/`, 200, { id: campaign.id, token });
  }
});

/** Stores the gifts of a guest that an example claims, with the address of the parent who claims them. */
async function giveAs(
  parent: { id: number; email: string },
  campaign: { id: number },
  example: { donations?: number[] } = {},
): Promise<void> {
  await verify(parent);
  await api.database.sql(
    `INSERT INTO donations (id, campaign_id, amount, donor_name, donor_email)
     SELECT id, $2, 5, 'Aunt Kate', $3 FROM unnest($1::int[]) id`,
    [example.donations, campaign.id, parent.email],
  );
}
