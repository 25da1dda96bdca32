import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { fuzz } from '../tools/fuzz/fuzz.js';
import { readEvent } from '../src/integrations/stripe/events.js';
import { useApi } from './support/api.js';

// Nobody listens there: sign-in by Google is set up, and Google is away.
const AWAY = 'http://127.0.0.1:1';

const api = useApi({
  google: () => ({
    clientId: 'fuzz',
    clientSecret: 'fuzz',
    callbackUrl: 'http://localhost:3000/api/auth/google/callback/',
    authorizationUrl: AWAY,
    tokenUrl: AWAY,
    userinfoUrl: AWAY,
  }),
});

const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

test('every operation stands nasty requests, and answers as the document says', async () => {
  const { requests, findings, statuses } = await fuzz({
    address: api.address,
    requests: 1_500,
    seed: 1,
    lanes: 4,
    slowest: Infinity,
  });
  expect(findings).toEqual([]);
  expect(requests).toBeGreaterThanOrEqual(1_500);
  const asked = [...statuses].filter(([, byStatus]) => byStatus.size > 0);
  expect(asked.length).toBe(statuses.size);
  const succeeded = asked.filter(([, byStatus]) => [...byStatus.keys()].some((one) => one < 400));
  expect(succeeded.length).toBeGreaterThan(statuses.size * 0.75);
});

const thing = { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] };
const more = { type: 'object', properties: { note: { type: 'string' } } };
const secret = {
  type: 'object',
  properties: { id: { type: 'integer' }, email: { type: 'string' } },
  required: ['id', 'email'],
};

/** What a server answers, and what the document says of it. */
interface Case {
  schema?: object;
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** What is found of a server with one operation that always answers the same. */
async function findingsOf(
  { schema = thing, status = 200, headers, body }: Case,
  { slowest = 60_000, webhookSecret }: { slowest?: number; webhookSecret?: string } = {},
) {
  const content = { 'application/json': { schema } };
  const document = {
    openapi: '3.1.0',
    info: { description: 'On every path: 404, 405, 431, 500.' },
    paths: { '/things/': { get: { responses: { '200': { content } } } } },
    components: { schemas: { Thing: thing, More: more, Secret: secret } },
  };
  const id = '2f0e1f3c-9a0b-4c1d-8e2f-3a4b5c6d7e8f';
  const address = await serve((req, res) => {
    const answer = req.url === '/openapi.json' ? document : body;
    const told = {
      'X-Request-Id': id,
      'Content-Type': 'application/json',
      Allow: 'GET',
      ...headers,
    };
    res.writeHead(answer === body ? status : 200, told).end(JSON.stringify(answer));
  });
  const { findings } = await fuzz({
    ...{ address, requests: 20, seed: 1, lanes: 2, slowest, webhookSecret },
  });
  return findings.filter(({ where }) => where === 'GET /things/');
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const error = { detail: 'No.', code: 'no' };

test.each<[string, Case, string]>([
  ['an unknown field', { body: { id: 1, email: 'ida' } }, 'unevaluated'],
  [
    'a field of another form',
    { schema: { anyOf: [ref('Thing'), more] }, body: { id: 1, note: 'x' } },
    'unevaluated',
  ],
  [
    'a field unknown to joined forms',
    { schema: { allOf: [ref('Thing'), ref('More')] }, body: { id: 1, x: 1 } },
    'unevaluated',
  ],
  [
    'a field unknown deep inside',
    { schema: { type: 'array', items: ref('Thing') }, body: [{ id: 1, x: 1 }] },
    'unevaluated',
  ],
  ['a wrong type', { body: { id: '1' } }, 'must be integer'],
  ['a fault of the server', { status: 500, body: error }, 'answered 500'],
  ['a server that is away', { status: 503, body: error }, 'answered 503'],
  ['a status that is not documented', { status: 409, body: error }, 'status 409 is not documented'],
  [
    'an error in another form',
    { status: 404, body: { error: 'No.' } },
    'not in the form of errors',
  ],
  [
    'an answer without its id',
    { headers: { 'X-Request-Id': 'x' }, body: { id: 1 } },
    'no X-Request-Id',
  ],
  [
    'another type',
    { headers: { 'Content-Type': 'text/html' }, body: { id: 1 } },
    'type "text/html"',
  ],
])('the check sees %s', async (_what, answer, complaint) => {
  const [finding] = await findingsOf(answer);
  expect(finding?.complaint).toContain(complaint);
  expect(finding?.curl).toMatch(/^(curl|echo) .*(\/things|nc)/);
});

test('the check sees a slow answer', async () => {
  const [finding] = await findingsOf({ body: { id: 1 } }, { slowest: 0 });
  expect(finding?.complaint).toBe('took longer than 0 ms');
});

const notSetUp = { status: 503, body: { detail: 'No.', code: 'google_not_configured' } };

test('the check sees what is not set up on a server that should have all', async () => {
  const [finding] = await findingsOf(notSetUp, { webhookSecret: 'whsec_of_nobody' });
  expect(finding?.complaint).toBe('answered 503');
});

test('events are signed as by Stripe, and are understood', async () => {
  const secret = 'whsec_of_nobody';
  const content = { 'application/json': { schema: { type: 'object' } } };
  const document = {
    openapi: '3.1.0',
    info: { description: '' },
    paths: { '/webhooks/stripe/': { post: { requestBody: { content }, responses: {} } } },
  };
  const types = new Set<string>();
  const address = await serve((req, res) => {
    void readAll(req).then((body) => {
      try {
        const signature = String(req.headers['stripe-signature']);
        types.add(readEvent({ secret, livemode: false }, body, signature, new Date()).type);
      } catch {
        // Spoilt, cut off or never signed.
      }
      res.end(JSON.stringify(document));
    });
  });
  await fuzz({ address, requests: 400, seed: 1, lanes: 2, webhookSecret: secret });
  expect([...types].sort()).toEqual(['awaiting', 'expired', 'failed', 'other', 'paid']);
});

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

test.each<[string, Case]>([
  ['as told', { body: { id: 1 } }],
  ['one of two forms', { schema: { anyOf: [secret, ref('Thing')] }, body: { id: 1 } }],
  [
    'the other of them',
    { schema: { anyOf: [ref('Secret'), ref('Thing')] }, body: { id: 1, email: 'x' } },
  ],
  ['joined', { schema: { allOf: [ref('Thing'), ref('More')] }, body: { id: 1, note: 'x' } }],
  [
    'with fields beside a union',
    { schema: { ...thing, oneOf: [ref('More')] }, body: { id: 1, note: 'x' } },
  ],
  [
    'open where it says so',
    { schema: { ...thing, additionalProperties: true }, body: { id: 1, x: 1 } },
  ],
  ['an error of every path', { status: 404, body: error }],
  ['not set up', notSetUp],
])('the check leaves an answer in peace that is %s', async (_what, answer) => {
  const complaints = (await findingsOf(answer)).map(({ complaint }) => complaint);
  expect(complaints.filter((one) => one !== 'status 503 is not documented')).toEqual([]);
});
