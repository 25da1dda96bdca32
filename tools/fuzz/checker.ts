import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { closeDocument } from './closed-schema.js';
import type { ApiDocument, DescribedAnswer, Operation } from './document.js';
import type { Answer, WireRequest } from './wire.js';

/** A request and what came back. */
export interface Exchange {
  request: WireRequest;
  /** What the document has to say of it: nothing for a method or path that it doesn't know. */
  operation: Operation | undefined;
  answer: Answer;
}

/** What is wrong with an answer, in sentences: none if it is as the document and the contract say. */
export type Check = (exchange: Exchange) => string[];

const JSON_TYPE = 'application/json';

const REQUEST_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A feature that a server was not set up for says so: nothing is broken. */
const NOT_SET_UP = /_not_configured$/;

/** Checks answers against a document, whose objects it closes, and against the contract's error form. */
export function createChecker(
  document: ApiDocument,
  { slowest, allSetUp }: { slowest: number; allSetUp: boolean },
): Check {
  const bodyErrors = createBodyCheck(document);

  return ({ request, operation, answer }) => {
    const { status, headers, ms } = answer;
    const described = operation?.answers[status];
    const complaints: string[] = [];
    if (ms > slowest) complaints.push(`took longer than ${slowest} ms`);
    if (status >= 500 && (allSetUp || !isNotSetUp(answer))) complaints.push(`answered ${status}`);
    if (!described && !document.general.has(status) && !isPreflight(request, status)) {
      complaints.push(`status ${status} is not documented`);
    }
    if (!REQUEST_ID.test(headers['x-request-id'] ?? '')) complaints.push('no X-Request-Id');
    const missing = requiredHeaders(status, described).filter((name) => !headers[name]);
    complaints.push(...missing.map((name) => `status ${status} without ${name}`));
    if (request.method === 'HEAD') return complaints;
    if (status >= 400) complaints.push(...errorFormErrors(answer));
    // What every path may say, it says in one form.
    const isGeneral = document.general.has(status) && isRefusal(jsonOf(answer));
    if (operation && described && !isGeneral) {
      complaints.push(...bodyErrors(operation, described, answer));
    }
    return complaints;
  };
}

function isPreflight({ method }: WireRequest, status: number): boolean {
  return method === 'OPTIONS' && status === 204;
}

function isNotSetUp(answer: Answer): boolean {
  const { code } = (jsonOf(answer) ?? {}) as { code?: unknown };
  return answer.status === 503 && typeof code === 'string' && NOT_SET_UP.test(code);
}

/** The headers that such an answer always has, in lower case. */
function requiredHeaders(status: number, described: DescribedAnswer | undefined): string[] {
  const told = Object.entries(described?.headers ?? {}).filter(([, { required }]) => required);
  return [...told.map(([name]) => name.toLowerCase()), ...(status === 405 ? ['allow'] : [])];
}

/** `{detail, code}`, or, of bad input, lists of messages by field. */
function errorFormErrors(answer: Answer): string[] {
  const body = jsonOf(answer);
  if (isRefusal(body) || (answer.status === 400 && areMessages(body))) return [];
  return [`status ${answer.status} is not in the form of errors`];
}

function isRefusal(body: unknown): boolean {
  if (!isObject(body)) return false;
  const { detail, code, ...more } = body;
  return isSentence(detail) && isSentence(code) && Object.keys(more).length === 0;
}

function areMessages(body: unknown): boolean {
  const lists = isObject(body) ? Object.values(body) : [];
  return lists.length > 0 && lists.every(isListOfSentences);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfSentences(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0 && list.every(isSentence);
}

function isSentence(text: unknown): boolean {
  return typeof text === 'string' && text !== '';
}

function createBodyCheck(document: ApiDocument) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(closeDocument(document.source), 'document');
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = ({ method, path }: Operation, status: number, type: string) => {
    const place = ['paths', path, method.toLowerCase(), 'responses', `${status}`];
    const pointer = [...place, 'content', type, 'schema'].map(escapePointer).join('/');
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `document#/${pointer}` });
    validators.set(pointer, known);
    return known;
  };

  return (operation: Operation, { content = {} }: DescribedAnswer, answer: Answer): string[] => {
    const { status, headers, body } = answer;
    const type = (headers['content-type'] ?? '').split(';')[0]!.trim();
    if (Object.keys(content).length === 0) {
      return body.length === 0 ? [] : [`status ${status} with a body that is not documented`];
    }
    if (!content[type] && !content['*/*']) return [`status ${status} has the type "${type}"`];
    if (type !== JSON_TYPE || !content[type]?.schema) return [];
    const json = jsonOf(answer);
    if (json === undefined) return [`status ${status} is not JSON`];
    const validate = validatorOf(operation, status, type);
    if (validate(json)) return [];
    const told = (validate.errors ?? []).slice(0, 3).map(({ instancePath, message, params }) => {
      const { unevaluatedProperty, additionalProperty } = params as Record<string, unknown>;
      const field = unevaluatedProperty ?? additionalProperty ?? '';
      return `${instancePath.replace(/\d+/g, 'N')} ${message} ${JSON.stringify(field)}`;
    });
    return [`status ${status} does not fit its schema: ${told.join('; ')}`];
  };
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** Undefined for what is not JSON in UTF-8. */
function jsonOf({ body }: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
