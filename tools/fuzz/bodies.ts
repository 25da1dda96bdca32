import { shuffled, type Dice } from '../demo-data/random.js';
import type { Schema } from './document.js';
import { NASTY_DATES, NASTY_JSON, NASTY_TEXTS, NOT_QUITE_JSON } from './nasty-values.js';

/** Fields by name, each as JSON is written. */
export type Fields = Record<string, string>;

/** Values that no schema tells, for fields of these names: as JSON, undefined to leave it to the schema. */
export type KnownValues = (name: string) => unknown;

type Resolve = (schema: Schema) => Schema;

/** Fields that a client may not set, and names that mean something to JavaScript. */
const UNKNOWN_FIELDS = [
  ...['id', 'parent', 'child', 'donor', 'is_staff', 'is_active', 'date_joined', 'total_raised'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'toJSON', 'length'],
  ...['', ' ', 'Amount', 'a.b', '$where', '\u0000', '\uD800', '😀', 'x'.repeat(3_000)],
];

/** All required fields and some of the others, each as it should be. */
export function validFields(
  dice: Dice,
  body: Schema,
  known: KnownValues,
  resolve: Resolve,
): Fields {
  const { properties = {}, required = [] } = resolve(body);
  const fields: Fields = {};
  for (const [name, schema] of Object.entries(properties)) {
    if (!required.includes(name) && dice.chance(0.5)) continue;
    const value = known(name);
    fields[name] =
      value === undefined ? validJson(dice, resolve(schema), resolve) : JSON.stringify(value);
  }
  return fields;
}

/** The fields with one to three of them spoilt, left out or added. */
export function spoiltFields(dice: Dice, valid: Fields, body: Schema, resolve: Resolve): Fields {
  const { properties = {} } = resolve(body);
  const names = shuffled(dice, Object.keys(properties)).slice(0, dice.between(1, 3));
  const spoilt = names.map((name): [string, string | undefined] => {
    const schema = resolve(properties[name]!);
    return [name, dice.chance(0.1) ? undefined : nastyJson(dice, schema, resolve)];
  });
  if (dice.chance(0.15)) spoilt.push([dice.pick(UNKNOWN_FIELDS), dice.pick(NASTY_JSON)]);
  const all = [...Object.entries(valid).filter(([name]) => !names.includes(name)), ...spoilt];
  // Unlike an assignment, this also makes a field of `__proto__`.
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Fields;
}

/** The JSON of fields, in UTF-8. */
export function bytesOfFields(fields: Fields): Buffer {
  const parts = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return Buffer.from(`{${parts.join(',')}}`);
}

/** Bodies that are wrong as a whole, or unusual and right. */
export function spoiltBody(dice: Dice, fields: Fields): Buffer {
  const bytes = bytesOfFields(fields);
  const text = bytes.toString();
  const inside = text.slice(1, -1);
  const at = dice.between(0, bytes.length);
  const bodies: (() => Buffer | string)[] = [
    () => bytes.subarray(0, at),
    () =>
      Buffer.concat([bytes.subarray(0, at), Buffer.of(dice.between(0, 255)), bytes.subarray(at)]),
    () =>
      Buffer.concat([Buffer.from('{"comment":"'), Buffer.of(0xc3, 0x28, 0xff), Buffer.from('"}')]),
    () => Buffer.from('{"comment":"\u00ED\u00A0\u0080"}', 'latin1'),
    () => Buffer.from(`\uFEFF${text}`, 'utf16le'),
    () => `\uFEFF${text}`,
    () => `${text}${text}`,
    () => `${text},`,
    () => `[${text}]`,
    () => JSON.stringify(text),
    () => `\n\t ${text} \r\n`,
    () => `{${inside},${inside}}`,
    () => `{"__proto__":{"amount":5},${inside}}`,
    () => `{"x":${'['.repeat(50)}${']'.repeat(50)},${inside}}`,
    () => '['.repeat(50_000),
    () => '{"a":'.repeat(15_000),
    () => `{"x":"${'x'.repeat(99_990)}`,
    () => `${text}${' '.repeat(100_000 - Math.min(bytes.length, 100_000))}`,
    () => `${text}${' '.repeat(100_001)}`,
    () => `{${Array.from({ length: 5_000 }, (_, index) => `"f${index}":1`).join(',')}}`,
    () => 'x'.repeat(400_000),
    () => '',
    () => ' ',
    () => 'amount=5&donor_name=Ida',
    () => dice.pick(NASTY_JSON),
    () => dice.pick(NOT_QUITE_JSON),
    () => `{"amount":${dice.pick(NOT_QUITE_JSON)}}`,
  ];
  return Buffer.from(dice.pick(bodies)());
}

/** A value that a schema allows, as JSON. */
export function validJson(dice: Dice, schema: Schema, resolve: Resolve): string {
  const { anyOf, enum: choices, minimum = 1, maximum = 100_000 } = schema;
  if (anyOf) return validJson(dice, resolve(dice.pick(anyOf)), resolve);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (choices) return JSON.stringify(dice.pick(choices));
  const type = dice.pick([schema.type ?? 'string'].flat());
  if (type === 'integer' || type === 'number') {
    return `${dice.between(Math.max(minimum, 1), Math.min(maximum, 100_000))}`;
  }
  if (type === 'boolean') return `${dice.chance(0.5)}`;
  if (type === 'string') return JSON.stringify(validText(dice, schema));
  if (type === 'array')
    return `[${schema.items ? validJson(dice, resolve(schema.items), resolve) : ''}]`;
  if (type === 'object') {
    return bytesOfFields(validFields(dice, schema, () => undefined, resolve)).toString();
  }
  return 'null';
}

const WORDS = ['violin', 'for', 'Mia', 'a', 'trip', 'Ärzte', 'über', 'boots', '👩‍🚀', 'ligne\u0301'];

function validText(
  dice: Dice,
  { format, pattern, minLength = 1, maxLength = 200 }: Schema,
): string {
  if (format === 'date') return '2020-05-17';
  if (format === 'date-time') return '2099-05-17T10:00:00Z';
  if (pattern !== undefined) return String(dice.between(100_000, 999_999));
  const text = Array.from({ length: dice.between(1, 5) }, () => dice.pick(WORDS)).join(' ');
  return text.padEnd(minLength, 'x').slice(0, maxLength);
}

/** A value that is nasty in general, or just beyond or at the bounds of a schema. */
export function nastyJson(dice: Dice, schema: Schema, resolve: Resolve): string {
  const bounds = boundaries(schema, resolve);
  if (bounds.length > 0 && dice.chance(0.3)) return dice.pick(bounds);
  if (dice.chance(0.15)) return JSON.stringify(dice.pick(NASTY_DATES));
  return dice.chance(0.5) ? JSON.stringify(dice.pick(NASTY_TEXTS)) : dice.pick(NASTY_JSON);
}

function boundaries(schema: Schema, resolve: Resolve): string[] {
  const { anyOf, minimum, maximum, minLength, maxLength, enum: choices = [] } = schema;
  const numbers = [minimum, maximum].flatMap((edge = 0) => [edge - 1, edge, edge + 1]);
  const lengths = [minLength, maxLength].flatMap((edge = 0) => [edge - 1, edge, edge + 1]);
  const texts = lengths
    .filter((length) => length >= 0)
    .flatMap((length) => ['x', '𝒳', 'e\u0301', 'x ', 'ﬃ'].map((unit) => unit.repeat(length)));
  return [
    ...(anyOf ?? []).flatMap((one) => boundaries(resolve(one), resolve)),
    ...numbers.flatMap((number) => [`${number}`, `"${number}"`]),
    ...texts.map((text) => JSON.stringify(text)),
    ...choices.map((choice) => JSON.stringify(String(choice).toUpperCase())),
  ];
}
