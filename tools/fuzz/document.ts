import { StartError } from '../../src/core/errors.js';

/** A JSON schema, as far as values are made from it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  [keyword: string]: unknown;
}

export interface Parameter {
  in: 'path' | 'query' | 'header' | 'cookie';
  name: string;
  schema: Schema;
}

/** What the document tells of the answers with one status. */
export interface DescribedAnswer {
  headers?: Record<string, { required: boolean }>;
  content?: Record<string, { schema?: Schema }>;
}

/** One method of one path. */
export interface Operation {
  /** Such as `GET /campaigns/{id}/`. */
  name: string;
  method: string;
  path: string;
  parameters: Parameter[];
  /** The schema of its JSON body, if it takes one. */
  body: Schema | undefined;
  /** Whether it needs a signed-in parent, may have one, or doesn't look. */
  token: 'required' | 'optional' | 'ignored';
  answers: Record<string, DescribedAnswer>;
}

/** The served OpenAPI document. */
export interface ApiDocument {
  source: object;
  operations: Operation[];
  /** The statuses that its description promises of every path. */
  general: Set<number>;
  /** The schema itself, or what it refers to. */
  resolve: (schema: Schema) => Schema;
}

interface OpenApi {
  info: { description?: string };
  paths: Record<string, Record<string, OpenApiOperation>>;
  components?: { schemas?: Record<string, Schema> };
}

interface OpenApiOperation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  security?: Record<string, unknown>[];
  responses: Record<string, DescribedAnswer>;
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace']);

/** Where the document is served. */
const ADDRESS = '/openapi.json';

/** Reads the document of a running server. @throws StartError when it has none. */
export async function readDocument(address: string): Promise<ApiDocument> {
  const response = await fetch(address + ADDRESS).catch(() => undefined);
  if (!response?.ok) throw new StartError(`There is no document at ${address}${ADDRESS}.`);
  return understand((await response.json()) as OpenApi);
}

/** Takes a document apart into operations. */
export function understand(source: object): ApiDocument {
  const { info, paths, components } = source as OpenApi;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => operationOf(method.toUpperCase(), path, operation)),
  );
  const resolve = (schema: Schema): Schema => {
    if (schema.$ref === undefined) return schema;
    return resolve(components?.schemas?.[schema.$ref.split('/').at(-1)!] ?? {});
  };
  return { source, operations, general: generalStatuses(info.description ?? ''), resolve };
}

function operationOf(method: string, path: string, operation: OpenApiOperation): Operation {
  const { parameters = [], requestBody, security = [], responses } = operation;
  const optional = security.some((scheme) => Object.keys(scheme).length === 0);
  const signed = optional ? 'optional' : 'required';
  return {
    name: `${method} ${path}`,
    method,
    path,
    parameters,
    body: requestBody?.content['application/json']?.schema,
    token: security.length === 0 ? 'ignored' : signed,
    answers: responses,
  };
}

/** Those of the paragraph that begins with "On every path". */
function generalStatuses(description: string): Set<number> {
  const [, paragraph = ''] = /On every path([\s\S]*?)(\n\s*\n|$)/.exec(description) ?? [];
  return new Set([...paragraph.matchAll(/\b[1-5]\d\d\b/g)].map(([status]) => Number(status)));
}
