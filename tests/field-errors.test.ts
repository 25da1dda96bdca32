import { expect, test } from 'vitest';
import { FIELD_ERRORS } from '../src/core/field-errors.js';
import { routes } from '../src/routes.js';
import { useApi } from './support/api.js';
import { useDocument } from './support/document.js';
import { openJar, registerParent } from './support/factories.js';

const api = useApi();
const served = useDocument(api);

/** A schema or a check, as far as it can have sentences or parts. */
interface Part {
  _zod?: { def?: Record<string, unknown> };
}

/** Every schema and check within a schema. */
function everyPart(value: unknown, seen = new Set<unknown>()): Part[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const { _zod: inside } = value as Part;
  const parts = Object.values(inside?.def ?? value);
  return [value, ...parts.flatMap((part) => everyPart(part, seen))];
}

/** The sentences with which a schema or check refuses. */
function sentencesOf({ _zod: inside }: Part): unknown[] {
  const { error } = inside?.def ?? {};
  if (typeof error !== 'function') return [];
  return [undefined, null, {}].map((input) => (error as (issue: object) => unknown)({ input }));
}

/** Every field that a request can have. */
const fields = routes(() => false).flatMap(({ endpoint: { description } }) => [
  ...Object.values(description.body?.shape ?? {}),
  ...Object.values(description.query?.shape ?? {}),
]);

const NUMBERS = [0, 0.5, 1e-7, 2 ** 31, 2 ** 53, 1e20, 1e308].flatMap((size) => [size, -size]);

test('every sentence of the schemas that check input is listed in the document', () => {
  const isListed = served.validatorAt('components', 'schemas', 'FieldError');
  const queries = routes(() => false).map(({ endpoint }) => endpoint.description.query);
  const schemas = [...fields, ...queries];
  const sentences = new Set(everyPart(schemas).flatMap(sentencesOf));
  expect(sentences.size).toBeGreaterThan(25);
  expect([...sentences].filter((sentence) => !isListed(sentence))).toEqual([]);
});

test('a field refuses any number in a sentence of the document', () => {
  const isListed = served.validatorAt('components', 'schemas', 'FieldError');
  const values = [...NUMBERS, Number.NaN].flatMap((value) => [value, String(value), [value]]);
  const issues = values.flatMap((value) =>
    fields.flatMap((field) => field.safeParse(value).error?.issues ?? []),
  );
  expect(issues.length).toBeGreaterThan(1_000);
  expect(issues.filter(({ message }) => !isListed(message))).toEqual([]);
});

test('the document lists the sentences, for readers and for programs, and takes no others', () => {
  const isListed = served.validatorAt('components', 'schemas', 'FieldError');
  for (const sentence of Object.values(FIELD_ERRORS)) {
    expect(served.document.info.description).toContain(`- \`${sentence}\`\n`);
    const filled = sentence.replace(/\{(from|to)\}/g, '2026-03-01').replace(/\{\w+\}/g, '10');
    expect(isListed(filled.replace('use 10', 'use sort')), filled).toBe(true);
  }
  expect(isListed('Invalid input: expected string, received number')).toBe(false);
  expect(isListed(`${FIELD_ERRORS.required} And more.`)).toBe(false);
  expect(isListed(FIELD_ERRORS.tooLong)).toBe(false);
});

test('what a schema refuses without a sentence of its own gets one of the catalog, and each stands once', async () => {
  const { campaign } = await openJar(api);
  const list = await api
    .get('/campaigns/?cursor=a&cursor=b&page_size=1.5&count=1&q=a&q=b')
    .expect(400);
  expect(list.body).toEqual({
    cursor: [FIELD_ERRORS.badCursor],
    page_size: [FIELD_ERRORS.notAWholeNumber],
    count: [FIELD_ERRORS.notABoolean],
    q: [FIELD_ERRORS.notAString],
  });
  for (const amount of [...NUMBERS, '1.5', [], true]) {
    const gift = await api.post(`/campaigns/${campaign.id}/donations/`, { amount }).expect(400);
    served.expectDocumented('POST /campaigns/{id}/donations/', gift);
    expect(gift.body.amount).toHaveLength(1);
  }
  const parent = await registerParent(api);
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [parent.id]);
  const claim = await api.post('/donations/claims/', { donations: ['a', 0] }, parent.access);
  expect(claim.body).toEqual({ donations: [FIELD_ERRORS.notAnId] });
});
