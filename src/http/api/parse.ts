import type { z } from 'zod';
import { InvalidInput, type FieldErrors } from '../../core/errors.js';
import { fieldError, messageOf } from '../../core/field-errors.js';
import type { IncomingCall } from './incoming-call.js';

const NO_FIELD = 'non_field_errors';

type Fields = Record<string, unknown>;

/** For what a schema has no sentence of its own: zod's would not be in the catalog. */
const INVALID = { error: () => fieldError('invalid') };

/**
 * The query's values. An empty value counts as not given.
 * @throws InvalidInput with every bad parameter.
 */
export function parseQuery(
  schema: z.ZodObject | undefined,
  { query, rawQuery }: IncomingCall,
): unknown {
  if (!schema) return {};
  refuseBadEncoding(schema, rawQuery);
  const given = Object.fromEntries(
    Object.entries(query as Fields).filter(([, value]) => value !== ''),
  );
  const parsed = schema.safeParse(given, INVALID);
  const errors = { ...otherNames(schema, query as Fields), ...errorsOf(parsed.error) };
  if (Object.keys(errors).length > 0) throw new InvalidInput(errors);
  return parsed.data;
}

/** What other APIs call a parameter, and what it is here. */
const OTHER_NAMES = [
  { name: 'page', here: 'cursor', use: 'page_size and cursor' },
  { name: 'ordering', here: 'sort', use: 'sort' },
  { name: 'search', here: 'q', use: 'q' },
];

/** Parameters that would be ignored silently, where they surely mean one that there is. */
function otherNames(schema: z.ZodObject, query: Fields): FieldErrors {
  const meant = OTHER_NAMES.filter(
    ({ name, here }) => Object.hasOwn(query, name) && Object.hasOwn(schema.shape, here),
  );
  return Object.fromEntries(
    meant.map(({ name, use }) => [name, [fieldError('otherParameter', { parameter: use })]]),
  );
}

/**
 * The body's values.
 * @throws InvalidInput with every bad field: those that are malformed, and those the rules refuse.
 */
export async function parseBody(
  schema: z.ZodObject | undefined,
  body: unknown,
  rules: (fields: Fields) => FieldErrors | Promise<FieldErrors> | undefined,
): Promise<unknown> {
  if (!schema) return {};
  if (!isObject(body)) throw new InvalidInput({ [NO_FIELD]: [fieldError('notAnObject')] });
  const parsed = schema.safeParse(body, INVALID);
  const errors = parsed.success ? {} : errorsOf(parsed.error);
  const refused = (await rules(parsed.success ? parsed.data : wellFormed(schema, body))) ?? {};
  for (const [field, messages] of Object.entries(refused)) errors[field] ??= messages;
  if (Object.keys(errors).length > 0 || !parsed.success) throw new InvalidInput(errors);
  return parsed.data;
}

/** The fields of a body that are well-formed by themselves, whatever the others are. */
export function wellFormedFields(schema: z.ZodObject | undefined, body: unknown): Fields {
  return schema && isObject(body) ? wellFormed(schema, body) : {};
}

function isObject(body: unknown): body is Fields {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}

function wellFormed(schema: z.ZodObject, body: Fields): Fields {
  const fields: Fields = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const parsed = (field as z.ZodType).safeParse(body[name]);
    if (parsed.success && parsed.data !== undefined) fields[name] = parsed.data;
  }
  return fields;
}

function errorsOf(error: z.ZodError | undefined): FieldErrors {
  const errors: FieldErrors = {};
  for (const issue of error?.issues ?? []) {
    const message = messageOf(issue);
    const told = (errors[String(issue.path[0] ?? NO_FIELD)] ??= []);
    if (!told.includes(message)) told.push(message);
  }
  return errors;
}

/** Node replaces what isn't UTF-8, and so would answer another question than the one asked. */
function refuseBadEncoding(schema: z.ZodObject, rawQuery: string): void {
  const errors: FieldErrors = {};
  for (const parameter of rawQuery.split('&').filter((part) => !isUtf8(part))) {
    const name = parameter.split('=', 1)[0] ?? '';
    errors[Object.hasOwn(schema.shape, name) ? name : NO_FIELD] = [fieldError('notUtf8')];
  }
  if (Object.keys(errors).length > 0) throw new InvalidInput(errors);
}

function isUtf8(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}
