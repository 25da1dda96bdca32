import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { send } from './support/bare-http.js';
import { useDocument, type Operation } from './support/document.js';
import { donate, openJar } from './support/factories.js';
import { WORST, WORST_BODIES, worstText } from './support/worst-text.js';

/** Milliseconds of this process's processors for one request, the client's work in the test included. */
const MOST = 100;

/** Bytes of text in a body of 100 kB, and in headers of 16 kB. */
const IN_BODY = 98_000;
const IN_HEADERS = 13_000;

const HEADERS =
  'Accept Accept-Language Authorization Cache-Control Content-Type Cookie Forwarded Idempotency-Key If-None-Match Origin ' +
  'Range User-Agent X-Forwarded-For X-Forwarded-Proto Stripe-Signature';

const api = useApi({ trustProxy: 1 });
const served = useDocument(api);

let token: string;
let ids: Record<string, number | string>;

beforeAll(async () => {
  const { parent, child, campaign } = await openJar(api);
  const gift = await donate(api, campaign, {}, parent);
  token = parent.access;
  ids = { parents: 'me', children: child.id, campaigns: campaign.id, donations: gift.id };
});

interface Sent {
  query?: string;
  headers?: Record<string, string>;
  body?: string;
  /** In place of each part of the path that varies. */
  id?: string;
}

function ask(operation: string, { query = '', headers = {}, body, id }: Sent) {
  const [method, path] = operation.split(' ') as [string, string];
  const here = id ?? String(ids[path.split('/')[1]!] ?? 1);
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const json = { 'Content-Type': 'application/json', ...length };
  const all = { Authorization: `Bearer ${token}`, ...(body !== undefined && json), ...headers };
  return send(api, method, path.replace(/\{\w+\}/g, here) + query, all, ...(body ? [body] : []));
}

async function costOf(operation: string, sent: Sent): Promise<number> {
  const before = process.cpuUsage();
  const { status } = await ask(operation, sent);
  const { user, system } = process.cpuUsage(before);
  expect(status, operation).not.toBe(500);
  return (user + system) / 1000;
}

/** Tries whose least counts: this process also compiles, collects garbage and does the work of other tests. */
const TRIES = 5;

async function tooDear(what: string, operation: string, sent: Sent): Promise<string[]> {
  let least = Infinity;
  for (let count = 0; count < TRIES && least > MOST; count += 1) {
    least = Math.min(least, await costOf(operation, sent));
  }
  return least <= MOST ? [] : [`${operation} with ${what}: ${Math.round(least)} ms`];
}

type Fields = Record<string, unknown>;

/** The fields of a body, with those of the document's example where it has one. */
function bodyOf({ requestBody }: Operation): { fields: string[]; example: Fields } {
  const { schema, example = {} } = requestBody?.content['application/json'] ?? { schema: {} };
  const { $ref = '' } = schema as { $ref?: string };
  const named = (served.document as unknown as { components: { schemas: Record<string, object> } })
    .components.schemas[$ref.split('/').at(-1)!];
  const { properties = {} } = (named ?? schema) as { properties?: Fields };
  return { fields: Object.keys(properties), example: example as Fields };
}

const texts = Object.entries(WORST);

describe('no request takes over 100 ms of the processor, whatever stands', () => {
  test.each(texts)(
    'in a field: %s',
    async (what, piece) => {
      const bait = worstText(piece, IN_BODY);
      const dear: string[] = [];
      let asked = 0;
      for (const [operation, described] of served.operations) {
        const { fields, example } = bodyOf(described);
        for (const field of fields) {
          const body = JSON.stringify({ ...example, [field]: bait });
          dear.push(...(await tooDear(`${what} in ${field}`, operation, { body })));
          asked += 1;
        }
      }
      expect(dear).toEqual([]);
      expect(asked).toBeGreaterThan(50);
    },
    120_000,
  );

  test.each(texts)(
    'in the query or the path: %s',
    async (what, piece) => {
      const percent = encodeURIComponent(piece.toWellFormed());
      const bait = percent.repeat(Math.max(1, Math.floor(IN_HEADERS / percent.length)));
      const whole = bait.slice(0, IN_HEADERS).replace(/%[\dA-F]?$/, '');
      const dear: string[] = [];
      for (const [operation, { parameters = [] }] of served.operations) {
        for (const { name } of parameters.filter((one) => one.in === 'query')) {
          const query = `?${name}=${whole}`;
          dear.push(...(await tooDear(`${what} in ${name}`, operation, { query })));
        }
        if (operation.includes('{')) {
          dear.push(...(await tooDear(`${what} in the path`, operation, { id: whole })));
        }
      }
      expect(dear).toEqual([]);
    },
    120_000,
  );

  test('in a header', async () => {
    const dear: string[] = [];
    const printable = texts.filter(([, piece]) => /^[\x20-\x7e]+$/.test(piece));
    for (const [what, piece] of printable) {
      const bait = worstText(piece, IN_HEADERS);
      for (const name of HEADERS.split(' ')) {
        for (const operation of [
          'GET /campaigns/',
          'GET /donations/{id}/receipt/',
          'POST /donations/claims/',
        ]) {
          const body = operation.startsWith('POST') ? '{"donations":[1]}' : undefined;
          const sent = { headers: { [name]: bait }, ...(body && { body }) };
          dear.push(...(await tooDear(`${what} in ${name}`, operation, sent)));
        }
      }
    }
    expect(dear).toEqual([]);
  });

  test.each(Object.entries(WORST_BODIES))('in a body: %s', async (what, body) => {
    const dear = [];
    for (const operation of ['POST /api/token/', 'PUT /parents/{id}/', 'POST /donations/claims/']) {
      const headers = { 'Idempotency-Key': what };
      dear.push(...(await tooDear(what, operation, { body, headers })));
    }
    expect(dear).toEqual([]);
  });
});
