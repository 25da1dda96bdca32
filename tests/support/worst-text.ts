/** Marks of 31 classes, in an order that NFC must turn round. */
const MARKS = Array.from(
  '\u0300\u0345\u0315\u0358\u0316\u0339\u031b\u0321\u0334\u035f\u0360\u05b0\u05b1\u05b2\u05b3\u05b4\u05b5' +
    '\u05b6\u05b7\u05b8\u05b9\u05bb\u05bc\u05bd\u05bf\u05c1\u05c2\u064b\u064c\u064d\u0670',
);

/** Marks that normalising has to sort. */
export function marks(count: number): string {
  return Array.from({ length: count }, (_, n) => MARKS[(n * 17) % MARKS.length]).join('');
}

/** Pieces that become the worst text when they are repeated, by what is bad about them. */
export const WORST: Record<string, string> = {
  'one letter': 'a',
  blanks: ' ',
  'Hangul fillers': '\u3164',
  'blanks between letters': `a${' '.repeat(2_000)}`,
  'marks of many classes': marks(310),
  'as many marks as are allowed': `a${marks(30)}`,
  'Hangul jamo': '\u1112\u1161\u11ab',
  'a ligature of 18 letters': '\ufdfa',
  'what shrinks most': '\u03b1\u0313\u0300\u0345',
  'what grows most': '\u{1d160}',
  'halves of characters': '\ud800',
  'changes of direction': '\u202e\u2066',
  emoji: '👩‍👩‍👧‍👦',
  digits: '1',
  'dots and letters': 'a.',
  addresses: 'a@a.',
  hyphens: 'a-',
  'an address on the way up': 'https://../',
  'a host of many letters': '漢',
  controls: '\u0001',
  quotes: '"\\',
  percents: '%',
  commas: ', ',
  semicolons: '; a=',
  weights: 'a/b;q=0.5,',
};

/** As much of a worst text as fits into so many bytes, as JSON has them. */
export function worstText(piece: string, bytes: number): string {
  const size = Buffer.byteLength(JSON.stringify(piece)) - 2;
  return piece.repeat(Math.max(1, Math.floor(bytes / size)));
}

/** Bodies that keep a parser busy. */
export const WORST_BODIES: Record<string, string> = {
  'many fields': `{${list(8_000, (n) => `"${n}":1`)}}`,
  'one field many times': `{${list(15_000, () => '"a":1')}}`,
  'many prototypes': `{${list(5_000, () => '"__proto__":{}')}}`,
  'a long field': `{"${'a'.repeat(99_000)}":1}`,
  'a long number': `{"amount":${'1'.repeat(99_000)}}`,
  'a long fraction': `{"amount":0.${'1'.repeat(99_000)}}`,
  'many numbers': `{"donations":[${list(49_000, () => '1')}]}`,
  'many fractions': `{"donations":[${list(24_000, () => '0.5')}]}`,
  'many lists': `{"donations":[${list(33_000, () => '[]')}]}`,
  'lists in each other': '['.repeat(49_000) + ']'.repeat(49_000),
  'many escapes': `{"email":"${'\\u0300'.repeat(16_000)}"}`,
  'a string that never ends': `{"email":"${'\\"'.repeat(49_000)}`,
  blanks: `{"email"${' '.repeat(99_000)}:1}`,
};

function list(count: number, item: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => item(n)).join();
}
