import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiRequestBodyObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import type { ErrorCode } from '../core/errors.js';
import type { Route } from '../routes.js';
import type { Audience } from './authenticate.js';
import type { EndpointDescription } from './endpoint.js';
import { STATUS } from './errors.js';
import { describeLimit } from './limit-figures.js';

const ABOUT = `Crowdfunding for children's dreams. Parents open campaigns (DreamJars) for their children;
anyone may browse and give.

Every path works with and without the slash at its end. Money is whole units of one currency. Times are
RFC 3339 in UTC. Lists are bare arrays; \`Link\` with \`rel="next"\` leads to the next page. Text is trimmed
and stored in Unicode's form NFC; lengths count code points. Unknown fields are ignored. PUT and PATCH are
both partial. Invalid input gets 400 with messages by field, everything else \`{detail, code}\`.

What visitors share has an \`ETag\` and may be kept by whoever asks each time whether it still holds; what a person
is told, and every refusal, is \`no-store\`.

On every path: what isn't HTTP or holds a malformed body gets 400, a body over 100,000 bytes 413, one that isn't
JSON 415, a method that it doesn't have 405 with \`Allow\`, a path that isn't there 404, a request that comes too
slowly 408, headers over 16 kB 431, and what is our fault 500, all in that form; a GET with
\`If-None-Match: *\` gets 304.`;

const Refusal = z
  .object({ detail: z.string(), code: z.string() })
  .meta({ id: 'Refusal', description: 'A sentence for a person and a code for a machine.' });

const FieldErrors = z.record(z.string(), z.array(z.string())).meta({
  id: 'FieldErrors',
  description: 'Messages by field; what belongs to no field stands under `non_field_errors`.',
});

/** A header that comes always, or that comes only with what it tells of. */
const header = (presence: 'always' | 'maybe', description: string, format?: string) => ({
  description,
  required: presence === 'always',
  schema: { type: 'string' as const, ...(format && { format }) },
});

const REQUEST_ID = { 'X-Request-Id': header('always', 'Also in our log.', 'uuid') };

const LOCATION = { Location: header('always', 'Where to go.') };

const LINK = { Link: header('maybe', 'The next page.') };

const REPLAYED = {
  'Idempotent-Replayed': header('maybe', '`true`: this is the first answer again, by its key.'),
};

const ETAG = {
  ETag: header(
    'maybe',
    'Without a token only. Send it as `If-None-Match` to hear whether it still holds.',
  ),
};

const ConditionHeader = z.object({
  'If-None-Match': z
    .string()
    .optional()
    .meta({
      description:
        'The `ETag` of what you have. Without a token, and without `Cache-Control: no-cache`: as long as it still ' +
        'holds, the answer is 304.',
    }),
});

const IdempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/)
    .optional()
    .meta({
      description:
        'Names this request, for 24 hours: sent again with the same body it is not done again, but gets the ' +
        'first answer, with `Idempotent-Replayed: true`. All guests share one scope for each path: choose ' +
        'keys that nobody guesses, such as a UUID.',
    }),
});

const MEANING: Record<number, string> = {
  401: 'No token, or one that is not valid.',
  403: 'Not yours.',
  404: 'No such thing.',
  409: 'Not in this state.',
  413: 'The body is over 100,000 bytes.',
  415: 'The body is not application/json in UTF-8.',
  422: 'The key was sent with another body.',
  429: 'Too many requests.',
  503: 'Try again in a moment.',
};

/** The OpenAPI 3.1 document of the URL map, made from the schemas that validate. */
export function openApiDocument(routes: Route[]): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase() as 'get'] = operation(route);
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'DreamJar',
      version: '1.0.0',
      description: ABOUT,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The `access` that registering or signing in answers with.',
        },
        metrics: { type: 'http', scheme: 'bearer', description: 'The setting METRICS_TOKEN.' },
      },
    },
    paths: { ...paths, ...BESIDE_THE_MAP },
  });
}

function operation({ method, path, audience, endpoint }: Route): ZodOpenApiOperationObject {
  const { summary, limit, params, query, body, idempotent } = endpoint.description;
  const description = [
    endpoint.description.description,
    limit && `At most ${describeLimit(limit)}.`,
  ]
    .filter(Boolean)
    .join('\n\n');
  return {
    operationId: operationId(method, path),
    tags: [path.split('/').find((part) => part !== '' && part !== 'api') ?? 'root'],
    summary,
    ...(description && { description }),
    security: SECURITY[audience],
    requestParams: {
      ...(params && { path: params }),
      ...(query && { query }),
      ...(idempotent && { header: IdempotencyHeader }),
      ...(endpoint.shared && { header: ConditionHeader }),
    },
    ...(body && { requestBody: requestBody(body) }),
    responses: responses(audience, endpoint.description, endpoint.shared !== undefined),
  };
}

/** The example goes beside the schema: in it, zod leaves out those of schemas that transform. */
function requestBody(schema: z.ZodObject): ZodOpenApiRequestBodyObject {
  const [example] = (schema.meta()?.examples ?? []) as unknown[];
  const content = { 'application/json': { schema, ...(example !== undefined && { example }) } };
  return { required: true, content };
}

const SECURITY: Record<Audience, Record<string, string[]>[]> = {
  'ignoring tokens': [],
  anyone: [{}, { bearer: [] }],
  parents: [{ bearer: [] }],
};

function operationId(method: string, path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return [method.toLowerCase(), ...parts.map((part) => part.replace(/^:/, 'by_'))].join('_');
}

function responses(
  audience: Audience,
  description: EndpointDescription,
  isShared: boolean,
): ZodOpenApiResponsesObject {
  const { answer, redirects, limit, params, query, body, refusals = [] } = description;
  const codes: ErrorCode[] = [...refusals];
  if (!description.needsNoDatabase) codes.push('unavailable');
  if (audience === 'anyone') codes.push('token_not_valid');
  if (audience === 'parents') codes.push('not_authenticated', 'token_not_valid');
  if (params) codes.push('not_found');
  if (body) codes.push('too_large', 'unsupported_media_type');
  if (limit) codes.push('throttled');
  if (description.idempotent) codes.push('idempotency_in_flight', 'idempotency_mismatch');

  const headers = {
    ...(answer.status === 302 && LOCATION),
    ...(description.idempotent && REPLAYED),
    ...(isShared && ETAG),
  };
  const all: ZodOpenApiResponsesObject = { [answer.status]: success(answer, headers) };
  if (redirects !== undefined) {
    all['302'] = success({ description: redirects }, LOCATION);
  }
  if (isShared) {
    const { paged = false } = answer;
    all['304'] = success({ description: 'What you have still holds.', paged }, ETAG);
  }
  for (const code of [...new Set(codes)].sort()) {
    const status = String(STATUS[code]) as '401';
    const codesHere = codes.filter((other) => STATUS[other] === STATUS[code]);
    const replayed = description.idempotent && STATUS[code] === 409 ? REPLAYED : {};
    all[status] = refusalResponse(STATUS[code], [...new Set(codesHere)], replayed);
  }
  if (query || body) all['400'] = badInput(body !== undefined, all['400']?.description);
  return all;
}

type Answer = Omit<EndpointDescription['answer'], 'status'>;

type Headers = Record<string, ReturnType<typeof header>>;

function success({ description, schema, paged, downloads = [] }: Answer, headers: Headers) {
  return {
    description,
    headers: { ...REQUEST_ID, ...(paged && LINK), ...headers },
    ...((schema || downloads.length > 0) && { content: { ...json(schema), ...binary(downloads) } }),
  };
}

function json(schema: z.ZodType | undefined) {
  return schema && { 'application/json': { schema } };
}

function binary(types: string[]) {
  return Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' as const } }]));
}

function badInput(hasBody: boolean, refusals?: string) {
  const schema = hasBody || refusals !== undefined ? z.union([Refusal, FieldErrors]) : FieldErrors;
  const input = hasBody
    ? 'Fields that are not valid, or a malformed body.'
    : 'Parameters that are not valid.';
  const description = [input, refusals].filter(Boolean).join(' ');
  return { description, headers: REQUEST_ID, content: { 'application/json': { schema } } };
}

function refusalResponse(status: number, codes: ErrorCode[], headers: Headers = {}) {
  return {
    description: `${MEANING[status] ?? 'Refused.'} Codes: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
    headers: {
      ...REQUEST_ID,
      ...(status === 401 && { 'WWW-Authenticate': header('always', '`Bearer`') }),
      ...((status === 429 || status === 503) && { 'Retry-After': header('always', 'Seconds.') }),
      ...headers,
    },
    content: { 'application/json': { schema: Refusal } },
  };
}

const page = (summary: string, type: string): ZodOpenApiOperationObject => ({
  operationId: `get_${summary.toLowerCase().replace(/\W+/g, '_')}`,
  tags: ['docs'],
  summary,
  security: [],
  responses: { '200': { description: summary, headers: REQUEST_ID, content: { [type]: {} } } },
});

const BESIDE_THE_MAP: ZodOpenApiPathsObject = {
  '/openapi.json': { get: page('This document', 'application/json') },
  '/docs': { get: page('A page to try each call', 'text/html') },
  '/docs/{file}': {
    get: {
      ...page('Files of that page', '*/*'),
      requestParams: { path: z.object({ file: z.string() }) },
    },
  },
  '/metrics': {
    get: {
      operationId: 'get_metrics',
      tags: ['metrics'],
      summary: 'What the server measures of itself, for Prometheus',
      description: 'Where no token is set, it answers callers on the same machine only.',
      security: [{}, { metrics: [] }],
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
