import { z } from 'zod';
import type { ZodOpenApiResponsesObject } from 'zod-openapi';
import type { ErrorCode } from '../../core/errors.js';
import { FIELD_ERRORS } from '../../core/field-errors.js';
import type { Settings } from '../../context.js';
import { describeRules } from '../../config/limit-figures.js';
import { describeDownloads } from '../../config/bounds.js';
import type { Route } from './route.js';
import type { EndpointDescription } from './endpoint.js';
import { STATUS } from '../server/refusals.js';
import { limitsOf } from './find-route.js';
import { fieldErrorSchema } from './openapi-field-errors.js';

/** What every refusal but that of invalid fields looks like. */
export const Refusal = z
  .object({ detail: z.string(), code: z.enum(Object.keys(STATUS) as ErrorCode[]) })
  .meta({ id: 'Refusal', description: 'A sentence for a person and a code for a machine.' });

const FieldError = z.string().meta({
  id: 'FieldError',
  description: 'One of these sentences: clients may translate by them.',
  override: fieldErrorSchema(),
});

const FieldErrors = z.record(z.string(), z.array(FieldError)).meta({
  id: 'FieldErrors',
  description: 'Messages by field; what belongs to no field stands under `non_field_errors`.',
  examples: [{ title: [FIELD_ERRORS.required] }],
});

/** A header that comes always, or that comes only with what it tells of. */
const header = (presence: 'always' | 'maybe', description: string, format?: string) => ({
  description,
  required: presence === 'always',
  schema: { type: 'string' as const, ...(format && { format }) },
});

/** Of every answer. */
export const REQUEST_ID = { 'X-Request-Id': header('always', 'Also in our log.', 'uuid') };

/** Of a redirect. */
export const LOCATION = { Location: header('always', 'Where to go.') };

const LINK = { Link: header('maybe', 'The next page.') };

const TOTAL = {
  'X-Total-Count': header('maybe', 'With `?count=true`: how many items the whole list has.'),
};

const REPLAYED = {
  'Idempotent-Replayed': header('maybe', '`true`: this is the first answer again, by its key.'),
};

const ETAG = {
  ETag: header(
    'maybe',
    'Without a token only. Send it as `If-None-Match` to learn whether it is still current.',
  ),
};

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

/** The figures of settings that the document tells. */
export type Figures = Pick<Settings, 'limits' | 'bounds'>;

/** All that an endpoint may answer, as OpenAPI tells it. */
export function responses(route: Route, settings: Figures): ZodOpenApiResponsesObject {
  const { audience, endpoint } = route;
  const { description } = endpoint;
  const { answer, redirects, params, query, body, refusals = [] } = description;
  // What visitors share has an ETag.
  const isShared = endpoint.shared !== undefined;
  const figures = figuresFor(route, settings);
  const downloads = downloadsFor(route, settings);
  const codes: ErrorCode[] = [...refusals];
  if (!description.needsNoDatabase) codes.push('unavailable');
  if (audience === 'anyone') codes.push('token_not_valid');
  if (audience === 'parents') codes.push('not_authenticated', 'token_not_valid');
  if (params) codes.push('not_found');
  if (body) codes.push('too_large', 'unsupported_media_type');
  if (figures !== '') codes.push('throttled');
  if (description.idempotent) codes.push('idempotency_in_flight', 'idempotency_mismatch');

  const headers = {
    ...(answer.status === 302 && LOCATION),
    ...(description.idempotent && REPLAYED),
    ...(isShared && ETAG),
    ...(answer.counted && TOTAL),
  };
  const all: ZodOpenApiResponsesObject = { [answer.status]: success(answer, headers) };
  if (redirects !== undefined) {
    all['302'] = success({ description: redirects }, LOCATION);
  }
  if (isShared) {
    const { paged = false } = answer;
    all['304'] = success({ description: 'Your copy is still current.', paged }, ETAG);
  }
  const figuresOf: Record<number, string[]> = { 429: [figures, downloads], 503: [downloads] };
  for (const code of [...new Set(codes)].sort()) {
    const status = String(STATUS[code]) as '401';
    const codesHere = codes.filter((other) => STATUS[other] === STATUS[code]);
    const replayed = description.idempotent && STATUS[code] === 409 ? REPLAYED : {};
    const refusal = refusalResponse(STATUS[code], [...new Set(codesHere)], replayed);
    const told = [refusal.description, ...(figuresOf[STATUS[code]] ?? [])];
    all[status] = { ...refusal, description: told.filter(Boolean).join(' ') };
  }
  if (query || body) {
    const refused = codes.filter((code) => STATUS[code] === 400);
    const codesOf400: ErrorCode[] = body ? [...refused, 'malformed'] : refused;
    all['400'] = badInput(body !== undefined, codesOf400, all['400']?.description);
  }
  return all;
}

/** The limits of a route in words; empty, if it has none. */
function figuresFor(route: Route, { limits, bounds }: Figures): string {
  const rules = limitsOf(route).flatMap((name) => limits[name].rules);
  const applying = rules.filter(({ per, of }) =>
    route.audience === 'parents'
      ? of !== 'visitors'
      : route.audience === 'anyone' || !per.includes('parent'),
  );
  if (applying.length === 0) return '';
  const rates = `At most ${describeRules(applying)}.`;
  if (route.audience === 'ignoring tokens') return rates;
  const { parentAtOnce, parentWaiting } = bounds;
  return `${rates} Of one parent, ${parentAtOnce} requests are worked on at once and ${parentWaiting} more wait.`;
}

/** The bounds of an endpoint that streams a file, in words; empty for any other. */
function downloadsFor({ endpoint }: Route, { bounds }: Figures): string {
  const { schema, downloads } = endpoint.description.answer;
  return downloads && !schema ? `Downloads: ${describeDownloads(bounds)}.` : '';
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

function badInput(hasBody: boolean, codes: ErrorCode[], refusals?: string) {
  const schema = codes.length > 0 ? z.union([FieldErrors, refusalWith(codes)]) : FieldErrors;
  const input = hasBody
    ? 'Fields that are not valid, or a malformed body.'
    : 'Parameters that are not valid.';
  const description = [input, refusals].filter(Boolean).join(' ');
  return { description, headers: REQUEST_ID, content: { 'application/json': { schema } } };
}

/** A refusal with one of these codes. */
function refusalWith(codes: ErrorCode[]) {
  return Refusal.extend({ code: z.enum([...new Set(codes)]) });
}

/** The refusals with one status. */
export function refusalResponse(status: number, codes: ErrorCode[], headers: Headers = {}) {
  return {
    description: `${MEANING[status] ?? 'Refused.'} Codes: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
    headers: {
      ...REQUEST_ID,
      ...(status === 401 && { 'WWW-Authenticate': header('always', '`Bearer`') }),
      ...((status === 429 || status === 503) && { 'Retry-After': header('always', 'Seconds.') }),
      ...headers,
    },
    content: { 'application/json': { schema: refusalWith(codes) } },
  };
}
