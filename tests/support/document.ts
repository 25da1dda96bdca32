import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type supertest from 'supertest';
import { beforeAll, expect } from 'vitest';
import type { Api } from './api.js';

/** By their names. Those that are required come with every answer of their kind. */
type Headers = Record<string, { required: boolean }>;

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  parameters?: { in: string; name: string }[];
  requestBody?: { content: { 'application/json': { schema: object; example?: object } } };
  responses: Record<string, { description: string; headers?: Headers; content?: object }>;
}

/** The OpenAPI document as it is served. */
export interface ServedDocument {
  document: {
    openapi: string;
    info: { description: string };
    paths: Record<string, Record<string, Operation>>;
  };
  /** By method and path, such as `GET /campaigns/{id}/`. */
  operations: Map<string, Operation>;
  ajv: Ajv2020;
  /** A validator of the schema at a place of the document. */
  validatorAt(...place: string[]): ValidateFunction;
  /** Expects an answer to be as the document says: its status, its headers, its body. */
  expectDocumented(operation: string, response: supertest.Response): void;
}

/** Reads the document before the tests of a file. */
export function useDocument(api: Api): ServedDocument {
  const served = {} as ServedDocument;
  beforeAll(async () => {
    const { body } = await api.get('/openapi.json').expect(200);
    Object.assign(served, understand(body as ServedDocument['document']));
  });
  return served;
}

function understand(document: ServedDocument['document']): ServedDocument {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'document');
  const operations = new Map<string, Operation>(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
      ),
    ),
  );
  const validatorAt = (...place: string[]) => {
    const pointer = place.map((part) =>
      encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
    );
    return ajv.compile({ $ref: `document#/${pointer.join('/')}` });
  };
  const expectDocumented = (operation: string, response: supertest.Response) => {
    const { status, body, headers, text } = response;
    const [method, path] = operation.split(' ') as [string, string];
    const described = operations.get(operation)?.responses[status];
    expect(described, `${operation} answered ${status}: ${text}`).toBeDefined();
    for (const [header, { required }] of Object.entries(described?.headers ?? {})) {
      if (required) expect(headers, operation).toHaveProperty(header.toLowerCase());
    }
    if (!described?.content) {
      expect(text, operation).toBe('');
      return;
    }
    expect(Object.keys(described.content), operation).toContain(response.type);
    if (response.type !== 'application/json') return;
    const place = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content'];
    const validate = validatorAt(...place, 'application/json', 'schema');
    expect(validate(body), `${operation} ${status}: ${ajv.errorsText(validate.errors)}`).toBe(true);
  };
  return { document, operations, ajv, validatorAt, expectDocumented };
}
