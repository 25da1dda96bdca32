import { expect, test } from 'vitest';
import { STATUS } from '../src/http/server/refusals.js';
import { useApi } from './support/api.js';
import { send } from './support/bare-http.js';
import { useDocument } from './support/document.js';

/** What a router's stack is made of, as far as it matters here. */
interface Layer {
  route?: { path: string };
  handle: { stack?: Layer[] };
}

const api = useApi();
const served = useDocument(api);

function pathsOf(stack: Layer[]): string[] {
  return stack.flatMap(({ route, handle }) => (route ? [route.path] : pathsOf(handle.stack ?? [])));
}

function everyObject(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(everyObject)];
}

function resolve(pointer: string): Record<string, unknown> | undefined {
  const parts = pointer.slice(2).split('/');
  const step = (at: unknown, part: string) => (at as Record<string, unknown> | undefined)?.[part];
  return parts.reduce<unknown>(step, served.document) as Record<string, unknown> | undefined;
}

/** A schema with all that it refers to. */
function everySchema(schema: unknown, seen = new Set<string>()): Record<string, unknown>[] {
  return everyObject(schema).flatMap((part) => {
    const pointer = part['$ref'];
    if (typeof pointer !== 'string' || seen.has(pointer)) return [part];
    return everySchema(resolve(pointer), seen.add(pointer));
  });
}

type Field = [name: string, schema: { example?: unknown; examples?: unknown[] } & Schema];

interface Schema {
  type?: unknown;
  enum?: unknown;
  const?: unknown;
}

/** The fields of all forms that a schema is made of. */
function fieldsOf(schema: unknown): Field[] {
  return everySchema(schema).flatMap(
    ({ properties }) => Object.entries(properties ?? {}) as Field[],
  );
}

/** Of these, a page shows no example by itself. */
function isPlain([, { type, enum: words, const: word }]: Field): boolean {
  const isText = [type].flat().some((one) => ['string', 'integer', 'number'].includes(String(one)));
  return isText && words === undefined && word === undefined;
}

function examplesOf({ example, examples = [] }: Field[1]): unknown[] {
  return example === undefined ? examples : [example, ...examples];
}

test('the document and the router know the same methods of the same paths', async () => {
  const [app] = api.server.listeners('request') as unknown as [{ router: { stack: Layer[] } }];
  const routed = new Set<string>();
  for (const path of pathsOf(app.router.stack)) {
    const { headers } = await send(api, 'TRACE', path.replace(/:\w+/g, '1'));
    for (const method of headers.allow?.split(', ') ?? ['none told']) {
      if (method !== 'HEAD') routed.add(`${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    }
  }
  expect(routed.size).toBeGreaterThan(20);
  expect([...served.operations.keys()].sort()).toEqual([...routed].sort());
});

test('the document is OpenAPI 3.1: references, ids, parameters and schemas hold', () => {
  expect(served.document.openapi).toMatch(/^3\.1\.\d$/);
  for (const { $ref } of everyObject(served.document)) {
    if (typeof $ref === 'string') expect(resolve($ref), $ref).toBeDefined();
  }
  const ids = [...served.operations.values()].map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [name, { summary, tags, responses, parameters = [] }] of served.operations) {
    expect([summary.length > 0, tags.length], name).toEqual([true, 1]);
    const good = Object.keys(responses).filter((status) => /^2\d\d$/.test(status));
    expect(good.length === 1 || (good.length === 0 && '302' in responses), name).toBe(true);
    for (const { description } of Object.values(responses)) expect(description).toBeTruthy();
    const inPath = parameters.filter((one) => one.in === 'path').map((one) => `{${one.name}}`);
    expect(inPath, name).toEqual([...(name.match(/\{\w+\}/g) ?? [])]);
  }
  const schemas = everyObject(served.document).flatMap(({ schema }) => (schema ? [schema] : []));
  expect(schemas.length).toBeGreaterThan(100);
  for (const schema of schemas)
    expect(served.ajv.validateSchema(schema), JSON.stringify(schema)).toBe(true);
});

test('what is answered is closed: no form has room for a field that it does not name', () => {
  const answers = [...served.operations.values()].flatMap(({ responses }) =>
    Object.values(responses),
  );
  for (const schema of answers.flatMap(({ content }) => everySchema(content))) {
    if ('properties' in schema) expect(schema).toHaveProperty('additionalProperties', false);
  }
  const validate = served.validatorAt('components', 'schemas', 'Refusal');
  expect(validate({ detail: 'x', code: 'not_found' })).toBe(true);
  expect(validate({ detail: 'x', code: 'not_found', more: 1 })).toBe(false);
});

test('operations have names to call them by', () => {
  for (const [name, { operationId }] of served.operations) {
    expect(operationId, name).toMatch(/^[a-z]+([A-Z][a-z]*)+$/);
  }
  const nameOf = (operation: string) => served.operations.get(operation)?.operationId;
  expect(nameOf('GET /campaigns/')).toBe('listCampaigns');
  expect(nameOf('GET /campaigns/{id}/donations/')).toBe('listCampaignDonations');
  expect(nameOf('POST /campaigns/{id}/donations/')).toBe('createDonation');
  expect(nameOf('DELETE /children/{id}/')).toBe('deleteChild');
});

test.each([
  ['POST /api/auth/email/verify/', 'verify-email#code='],
  ['POST /api/auth/password/reset/', 'reset-password#token='],
  ['POST /api/auth/email/undo/', 'undo-email#token='],
])('%s says that its mail leads to %s', (operation, link) => {
  expect(served.operations.get(operation)?.description).toContain(`FRONTEND_URL/${link}`);
});

test('each refusal names the codes that it may have', () => {
  for (const [name, { responses }] of served.operations) {
    for (const [status, { content }] of Object.entries(responses)) {
      if (!/^[45]/.test(status)) continue;
      const codes = everyObject(content).flatMap(({ properties }) => {
        const { code } = (properties ?? {}) as { code?: { enum?: string[] } };
        return code === undefined ? [] : [code.enum];
      });
      if (status !== '400') expect(codes.length, `${name} ${status}`).toBe(1);
      for (const known of codes) expect(known?.length, `${name} ${status}`).toBeGreaterThan(0);
    }
  }
});

test('the form of all refusals names every code that any of them may have', () => {
  const validate = served.validatorAt('components', 'schemas', 'Refusal');
  const isKnown = (code: string) => validate({ detail: 'x', code });
  expect(Object.keys(STATUS).filter((code) => !isKnown(code))).toEqual([]);
  expect([isKnown('request_timeout'), isKnown('out_of_tea')]).toEqual([true, false]);
});

test('every field of a body has an example that fits it, and every plain field of an answer has one', () => {
  const ofBodies = [...served.operations.values()].flatMap(({ requestBody }) =>
    fieldsOf(requestBody?.content),
  );
  expect(ofBodies.length).toBeGreaterThan(40);
  const ofAnswers = [...served.operations.values()].flatMap(({ responses }) =>
    Object.values(responses).flatMap(({ content }) => fieldsOf(content)),
  );
  const without = [...ofBodies, ...ofAnswers.filter(isPlain)].filter(
    ([, field]) => examplesOf(field).length === 0,
  );
  expect(without.map(([name]) => name)).toEqual([]);
  for (const [name, field] of ofBodies) {
    for (const example of examplesOf(field)) {
      expect(served.ajv.validate(field, example), `${name}: ${JSON.stringify(example)}`).toBe(true);
    }
  }
});

test('no field shows the least or the greatest number that there is', () => {
  expect(JSON.stringify(served.document)).not.toContain(String(Number.MAX_SAFE_INTEGER));
});
