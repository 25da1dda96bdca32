type Schema = Record<string, unknown>;

/** Keywords whose value is a map of schemas, one schema, or a list of them. */
const MAPS = ['properties', 'patternProperties', '$defs'];
const SINGLE = ['items', 'additionalProperties', 'unevaluatedProperties'];
const LISTS = ['prefixItems'];
const BRANCHES = ['anyOf', 'oneOf', 'allOf'];

const COMPONENT = '#/components/schemas/';

/**
 * A copy of an OpenAPI document in which no object may hold a field that its schema doesn't name. What
 * describes one object together (`allOf`, or fields beside a union) is closed around the whole;
 * alternatives that stand alone are closed one by one, or the fields of one would be allowed in the
 * other. Where a schema says itself what else an object may hold, it is left so.
 */
export function closeDocument(document: object): object {
  const copy = structuredClone(document) as { components?: { schemas?: Record<string, Schema> } };
  const schemas = copy.components?.schemas ?? {};
  for (const [name, schema] of Object.entries(schemas)) {
    schemas[name] = close(schema);
    schemas[openName(name)] = open(schema);
  }
  return closeWhatStandsInline(copy) as object;
}

function closeWhatStandsInline(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => closeWhatStandsInline(item));
  if (!isMap(value) || key === 'schemas') return value;
  if (key === 'schema') return close(value);
  const parts = Object.entries(value);
  return Object.fromEntries(parts.map(([name, part]) => [name, closeWhatStandsInline(part, name)]));
}

function close(schema: Schema): Schema {
  const joined = isJoined(schema);
  const closed = joined ? open(schema) : within(schema, close);
  const told = 'additionalProperties' in schema || 'unevaluatedProperties' in schema;
  if (told || !(joined || isObject(schema))) return closed;
  return { ...closed, unevaluatedProperties: false };
}

/** For a part of what is closed around it: open itself, closed inside. */
function open(schema: Schema): Schema {
  const opened = within(schema, open);
  const { $ref } = opened;
  if (typeof $ref !== 'string' || !$ref.startsWith(COMPONENT)) return opened;
  return { ...opened, $ref: COMPONENT + openName($ref.slice(COMPONENT.length)) };
}

/** The schema with the values it holds closed, and its branches as told. */
function within(schema: Schema, branch: (schema: Schema) => Schema): Schema {
  const result = { ...schema };
  for (const [key, value] of Object.entries(schema)) {
    if (MAPS.includes(key) && isMap(value)) {
      const parts = Object.entries(value);
      result[key] = Object.fromEntries(parts.map(([name, part]) => [name, closeValue(part)]));
    }
    if (SINGLE.includes(key)) result[key] = closeValue(value);
    if (LISTS.includes(key) && Array.isArray(value)) result[key] = value.map(closeValue);
    if (BRANCHES.includes(key) && Array.isArray(value)) {
      result[key] = value.map((part) => branch(part as Schema));
    }
  }
  return result;
}

function closeValue(part: unknown): unknown {
  return isMap(part) ? close(part) : part;
}

/** Whether several schemas describe one value together. */
function isJoined(schema: Schema): boolean {
  const kinds = [isObject(schema), '$ref' in schema, 'anyOf' in schema, 'oneOf' in schema];
  return 'allOf' in schema || kinds.filter(Boolean).length > 1;
}

function isObject({ type, properties }: Schema): boolean {
  return properties !== undefined || [type].flat().includes('object');
}

function isMap(part: unknown): part is Schema {
  return typeof part === 'object' && part !== null && !Array.isArray(part);
}

function openName(name: string): string {
  return `${name}.open`;
}
