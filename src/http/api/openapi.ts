import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiRequestBodyObject,
} from 'zod-openapi';
import { VERSION } from '../../core/version.js';
import type { Route } from './route.js';
import type { Audience } from '../guards/authenticate.js';
import { addExamples } from './openapi-examples.js';
import { describeFieldErrors } from './openapi-field-errors.js';
import {
  LOCATION,
  Refusal,
  refusalResponse,
  REQUEST_ID,
  responses,
  type Figures,
} from './openapi-responses.js';
import { operationId } from './operation-id.js';

const ABOUT = `Crowdfunding for children's dreams. Parents open campaigns (DreamJars) for their children;
anyone may browse and donate.

Every path works with and without the slash at its end. Money is whole units of one currency. Times are
RFC 3339 in UTC. Lists are bare arrays; \`Link\` with \`rel="next"\` leads to the next page. Text is trimmed
of invisible characters and stored in Unicode's form NFC; lengths count code points, and one letter bears at most 30
marks. Unknown fields and parameters are ignored; but \`page\`, \`ordering\` and \`search\` get 400 where \`cursor\`,
\`sort\` or \`q\` is meant. A page ends early, with its \`Link\`, once it holds 512 kB of text. PUT and PATCH are
both partial. Invalid input gets 400 with messages by field, everything else \`{detail, code}\`.

Public responses have an \`ETag\` and may be cached if each use is revalidated; responses to a signed-in parent, and
all errors, are \`no-store\`.

On every path: a request that is not HTTP or has a malformed body gets 400, a body over 100,000 bytes 413, one that
isn't JSON 415, a method that the path doesn't have 405 with \`Allow\`, an unknown path 404, a request that is sent
too slowly 408, headers over 16 kB 431, and a fault of the server 500, all in that form; a GET with
\`If-None-Match: *\` gets 304.

${describeFieldErrors()}`;

const ConditionHeader = z.object({
  'If-None-Match': z
    .string()
    .optional()
    .meta({
      description:
        'The `ETag` of your copy. While it is current, the response is 304; not with a token or with ' +
        '`Cache-Control: no-cache`.',
    }),
});

const IdempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/)
    .optional()
    .meta({
      description:
        'Identifies this request for 24 hours: sent again with the same body, it is not carried out again and gets ' +
        'the first response, with `Idempotent-Replayed: true`, or 404 if what it made has been deleted. All guests share one scope for each path: choose ' +
        'keys that nobody guesses, such as a UUID.',
    }),
});

/** The OpenAPI 3.1 document of the URL map, made from the schemas that validate. */
export function openApiDocument(
  routes: Route[],
  settings: Figures,
  publicUrl: string | undefined,
): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase() as 'get'] = operation(route, settings);
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: {
      title: 'DreamJar',
      version: VERSION,
      description: ABOUT,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The `access` that registering or signing in answers with.',
        },
      },
      schemas: { Refusal },
    },
    paths: { ...paths, ...BESIDE_THE_MAP },
  };
  return createDocument(document, { override: ({ jsonSchema }) => addExamples(jsonSchema) });
}

function operation(route: Route, settings: Figures): ZodOpenApiOperationObject {
  const { method, path, audience, endpoint } = route;
  const { summary, description, params, query, body, idempotent } = endpoint.description;
  return {
    operationId: operationId(method, path),
    tags: [path.split('/').find((part) => part !== '' && part !== 'api') ?? 'root'],
    summary,
    ...(description !== undefined && { description }),
    security: SECURITY[audience],
    requestParams: {
      ...(params && { path: params }),
      ...(query && { query }),
      ...(idempotent && { header: IdempotencyHeader }),
      ...(endpoint.shared && { header: ConditionHeader }),
    },
    ...(body && { requestBody: requestBody(method, body) }),
    responses: responses(route, settings),
  };
}

/** The example goes beside the schema: in it, zod leaves out those of schemas that transform. */
function requestBody(method: string, schema: z.ZodObject): ZodOpenApiRequestBodyObject {
  const [example] = (schema.meta()?.examples ?? []) as unknown[];
  const content = { 'application/json': { schema, ...(example !== undefined && { example }) } };
  return { required: method !== 'DELETE', content };
}

const SECURITY: Record<Audience, Record<string, string[]>[]> = {
  'ignoring tokens': [],
  anyone: [{}, { bearer: [] }],
  parents: [{ bearer: [] }],
};

const page = (operationId: string, summary: string, type: string): ZodOpenApiOperationObject => ({
  operationId,
  tags: ['docs'],
  summary,
  security: [],
  responses: { '200': { description: summary, headers: REQUEST_ID, content: { [type]: {} } } },
});

const Entrance = z
  .object({ name: z.string(), version: z.string(), docs: z.string(), openapi: z.string() })
  .meta({ id: 'Entrance' });

const BESIDE_THE_MAP: ZodOpenApiPathsObject = {
  '/': {
    get: {
      operationId: 'getEntrance',
      tags: ['docs'],
      summary: 'Where to begin',
      security: [],
      responses: {
        '200': {
          description: 'What this is, and where it is described.',
          headers: REQUEST_ID,
          content: { 'application/json': { schema: Entrance } },
        },
        '303': {
          description: 'A browser is led to the page at `/docs`.',
          headers: { ...REQUEST_ID, ...LOCATION },
        },
      },
    },
  },
  '/openapi.json': { get: page('getOpenApiDocument', 'This document', 'application/json') },
  '/docs': { get: page('getDocsPage', 'A page to try each call', 'text/html') },
  '/docs/{file}': {
    get: {
      ...page('getDocsFile', 'Files of that page', '*/*'),
      requestParams: { path: z.object({ file: z.string() }) },
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      tags: ['metrics'],
      summary: 'What the server measures of itself, for Prometheus',
      description:
        'Takes the setting METRICS_TOKEN as a bearer token. Where none is set, nobody may read it in production, ' +
        'else callers on the same machine only.',
      security: [],
      responses: {
        '200': {
          description: 'Of all its processes together.',
          headers: REQUEST_ID,
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
        '401': refusalResponse(401, ['not_authenticated']),
        '403': refusalResponse(403, ['permission_denied']),
      },
    },
  },
};
