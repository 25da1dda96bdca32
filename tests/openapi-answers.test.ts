import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { useDocument } from './support/document.js';
import { guestGift, openJar, registerParent, yearsAgo } from './support/factories.js';

const api = useApi();
const away = useApi({ through: () => Promise.resolve('postgresql://nobody@127.0.0.1:1/nothing') });
const served = useDocument(api);

interface Call {
  id?: number | string;
  token?: string;
  query?: string;
  body?: unknown;
  type?: string;
}

const seen = new Set<string>();

/** Makes a call, and expects the status and the form that the document tells. */
async function call(operation: string, status: number, options: Call = {}, of = api) {
  const { id = 'me', token, query = '', body, type = 'json' } = options;
  const [method, path] = operation.split(' ') as [string, string];
  const verb = method.toLowerCase() as 'delete';
  const request = of[verb](path.replace('{id}', String(id)) + query);
  if (token) void request.set('Authorization', `Bearer ${token}`);
  if (body !== undefined) void request.type(type).send(body as object);
  const response = await request;
  expect(response.status, `${operation}: ${response.text}`).toBe(status);
  served.expectDocumented(operation, response);
  seen.add(`${operation} ${status}`);
  return response;
}

const NEW_CHILD = { name: 'Ben', date_of_birth: yearsAgo(3) };
const NEW_CAMPAIGN = { title: 'Boots', description: 'Red.', goal: 90, category: 'sports' };
const PRIVATE = /^\w+ \/(parents\/\{id\}|children|donations)|^(PUT|PATCH|DELETE) \/campaigns/;

test('every refusal is in the form that the document tells', async () => {
  const { parent, child, campaign } = await openJar(api);
  const stranger = await registerParent(api);
  const ids: Record<string, number> = {
    parents: parent.id,
    children: child.id,
    campaigns: campaign.id,
  };
  for (const [operation, { requestBody, parameters = [] }] of served.operations) {
    const id = ids[operation.split('/')[1]!] ?? 0;
    const token = parent.access;
    const paged = parameters.some(({ in: place }) => place === 'query');
    if (PRIVATE.test(operation)) await call(operation, 401, { id, body: requestBody && {} });
    if (PRIVATE.test(operation) || / \/campaigns/.test(operation))
      await call(operation, 401, { id, token: 'bad', body: requestBody && {} });
    if (PRIVATE.test(operation) && operation.includes('{id}'))
      await call(operation, 403, { id, token: stranger.access, body: requestBody && {} });
    if (operation.includes('{id}'))
      await call(operation, 404, { id: 999_999, token, body: requestBody && {} });
    if (paged) await call(operation, 400, { id, token, query: '?cursor=x&page_size=0' });
    if (!requestBody) continue;
    await call(operation, 400, { id, token, body: '[]' });
    await call(operation, 400, { id, token, body: '{' });
    await call(operation, 413, { id, token, body: 'x'.repeat(100_001) });
    await call(operation, 415, { id, token, body: 'x', type: 'text' });
  }
  for (const operation of ['POST /parents/', 'POST /api/token/', 'POST /api/token/refresh/'])
    await call(operation, 400, { body: {} });
  const nobody = { email: 'nobody@example.com', password: 'not a password' };
  await call('POST /api/token/', 401, { body: nobody });
  await call('POST /api/token/refresh/', 401, { body: { refresh: 'bad' } });
  await call('POST /api/token/blacklist/', 401, { body: { refresh: 'bad' } });
  await call('DELETE /parents/{id}/', 409, { token: parent.access });
  await call('DELETE /children/{id}/', 409, { id: child.id, token: parent.access });
  const closing = { id: campaign.id, token: parent.access, body: { is_open: false } };
  await call('PUT /campaigns/{id}/', 200, closing);
  await call('POST /campaigns/{id}/donations/', 409, { id: campaign.id, body: guestGift() });
});

test('every success is in the form that the document tells', async () => {
  const { parent, child, campaign } = await openJar(api, { deadline: '2099-01-01' });
  const { access: token, refresh, email, password } = parent;
  const atChild = { id: child.id, token };
  const atCampaign = { id: campaign.id, token };
  await call('GET /health/live', 200);
  await call('GET /health/ready', 200);
  const registration = { username: 'Bea', email: 'bea@example.com', password };
  const { body: registered } = await call('POST /parents/', 201, { body: registration });
  await call('POST /api/token/', 200, { body: { email, password } });
  await call('POST /api/token/refresh/', 200, { body: { refresh } });
  await call('POST /api/token/blacklist/', 200, { body: { refresh: registered.refresh } });

  await call('POST /parents/{id}/children/', 201, { token, body: NEW_CHILD });
  await call('POST /children/{id}/campaigns/', 201, { ...atChild, body: NEW_CAMPAIGN });
  const gifts = 'POST /campaigns/{id}/donations/';
  await call(gifts, 201, { id: campaign.id, body: guestGift() });
  await call(gifts, 201, { id: campaign.id, body: guestGift({ anonymous: true }) });
  await call(gifts, 201, { ...atCampaign, body: { amount: '12', comment: 'From us' } });
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
  await call('GET /children/{id}/', 200, atChild);
  await call('GET /children/{id}/campaigns/', 200, atChild);
  await call('GET /parents/{id}/', 200, { token });
  await call('GET /parents/{id}/children/', 200, { token });

  await call('DELETE /campaigns/{id}/', 204, atCampaign);
  const { body: history } = await call('GET /donations/', 200, { token });
  expect(history[0].campaign.title).toBe('Deleted DreamJar');
  await api.database.sql('UPDATE campaigns SET is_open = false');
  await call('DELETE /children/{id}/', 204, atChild);
  await call('DELETE /parents/{id}/', 204, { token });
});

test('without the database every operation says so as the document tells', async () => {
  const { parent, child, campaign } = await openJar(api);
  const ids: Record<string, number> = {
    parents: parent.id,
    children: child.id,
    campaigns: campaign.id,
  };
  const bodies: Record<string, object> = {
    'POST /parents/': { username: 'Cleo', email: 'cleo@example.com', password: parent.password },
    'POST /api/token/': parent,
    'POST /api/token/refresh/': parent,
    'POST /api/token/blacklist/': parent,
  };
  for (const [operation, { responses }] of served.operations) {
    if (!responses['503']) continue;
    const id = ids[operation.split('/')[1]!] ?? 0;
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

test('every answer that the document tells was seen', () => {
  const told = [...served.operations].flatMap(([operation, { responses }]) =>
    Object.keys(responses).map((status) => `${operation} ${status}`),
  );
  const unseen = told.filter((answer) => !seen.has(answer) && !/ \/(docs|openapi)/.test(answer));
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
  expect(without).toEqual(['POST /api/token/refresh/', 'POST /api/token/blacklist/']);

  const body = (operation: string) => ({ body: examples.get(operation) });
  const attempt = (operation: string, status: number, options: Call = {}) =>
    call(operation, status, { ...options, ...body(operation) });
  await attempt('POST /parents/', 201);
  const { body: tokens } = await attempt('POST /api/token/', 200);
  const token = String(tokens.access);
  const { body: child } = await attempt('POST /parents/{id}/children/', 201, { token });
  const { body: campaign } = await attempt('POST /children/{id}/campaigns/', 201, {
    id: child.id,
    token,
  });
  await attempt('POST /campaigns/{id}/donations/', 201, { id: campaign.id });
  for (const verb of ['PUT', 'PATCH']) {
    await attempt(`${verb} /parents/{id}/`, 200, { token });
    await attempt(`${verb} /children/{id}/`, 200, { id: child.id, token });
    await attempt(`${verb} /campaigns/{id}/`, 200, { id: campaign.id, token });
  }
});
