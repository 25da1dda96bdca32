import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { INKLESS } from '../src/core/inkless.js';
import { defaultPublicName } from '../src/features/families/children/public-name.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function inDatabase(names: string[]): Promise<string[]> {
  const rows = await database.sql<{ shown: string }>(
    'SELECT default_public_name(name) AS shown FROM unnest($1::text[]) WITH ORDINALITY one (name, at) ORDER BY at',
    [names],
  );
  return rows.map(({ shown }) => shown);
}

const inkless = new RegExp(`[${INKLESS}]`, 'u');

/** All of Unicode but NUL, which no text of PostgreSQL holds, and the halves of characters. */
function* characters(): Generator<string> {
  for (let code = 1; code <= 0x10ffff; code += 1) {
    if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code);
  }
}

test('the list of what shows no ink covers what Unicode says, whatever its version', () => {
  const said = /[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/u;
  // Format characters that enclose the digits after them, and are drawn.
  const drawn = /[\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}]/u;
  const missing = [...characters()].filter(
    (one) => said.test(one) && !drawn.test(one) && !inkless.test(one),
  );
  expect(missing).toEqual([]);
});

/** What becomes of a character between letters, and before an East Asian name. */
const around = (one: string) => [`M${one}S`, `${one}李明`, `Mia李${one}明`];

test('the database takes the same characters for blanks, letters, commas and dots', async () => {
  const all = [...characters()];
  const results = all.map((one) =>
    around(one)
      .map((name) => defaultPublicName(name).replaceAll(one, '#'))
      .join(),
  );
  const atEdges = all.filter((_, at) =>
    [results[at - 1], results[at + 1]].some((near) => near !== results[at]),
  );
  const names = atEdges.flatMap(around);
  expect(names.length).toBeGreaterThan(500);
  expect(await inDatabase(names)).toEqual(names.map(defaultPublicName));
});

test('the default is the same in both', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'Mia',
      'Sommer',
      'de',
      'Jr.',
      'III',
      '王',
      '小明',
      '김',
      '철수',
      'マリア',
      'ら',
      '\u200c',
      '葛\u{e0100}',
      '李Emma',
      'Anna-Lena',
      "D'Arcy",
      '\u119e',
      '\u0301',
      '(',
    ),
    fc.constantFrom(
      ' ',
      ', ',
      ',',
      '，',
      '、',
      '・',
      '; ',
      ':',
      '/',
      '_',
      '\\',
      '·',
      '\u3000',
      '\u3164',
      '\u00ad',
      '-',
      '\u{e0041}',
      '゠',
      '\u{1da87}',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }).filter((text) => !text.includes('\0')),
  );
  const names = fc.sample(
    fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('')),
    { numRuns: 3_000, seed: 1 },
  );
  names.push('x'.repeat(100), '李'.repeat(100), ' \u3164', ',', '');
  expect(await inDatabase(names)).toEqual(names.map(defaultPublicName));
});
