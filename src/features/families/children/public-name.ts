import { INKLESS, JOINING } from '../../../core/inkless.js';
import { inForm } from '../../../core/text.js';

/** Code points. */
export const LONGEST_PUBLIC_NAME = 50;

/** For a name of a time when names of blanks alone could be stored. */
const NAMELESS = 'A child';

/** Commas of all scripts, colons and semicolons. */
const COMMA =
  /[,:;\u037E\u055D\u060C\u061B\u066B\u07F8\u1363\u1802\u1808\u201A\u204F\u2E32\u2E34\u2E41\u2E49\u2E4C\u3001\uA4FE\uA60D\uA6F5\uFE10\uFE11\uFE50\uFE51\uFE54\uFE55\uFF0C\uFF1A\uFF1B\uFF64\u{11145}\u{1144D}\u{1145A}\u{16E97}\u{1DA87}]/u;

/** What follows a comma in "Sam Berg, Jr." */
const SUFFIX = /^(jr|jnr|junior|sr|snr|senior|ii|iii|iv|v|2nd|3rd|4th)\.?$/i;

/** Letters of Han, Hangul and Kana: most names in them put the family first, with no blank after it. */
const EAST_ASIAN_LETTERS = String.raw`\u1100-\u11FF\u2E80-\u2FDF\u3005-\u3007\u3021-\u3029\u3038-\u303B\u3041-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3131-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFFDC\u{16FE2}\u{16FE3}\u{16FF0}-\u{16FF6}\u{1AFF0}-\u{1B16F}\u{20000}-\u{3FFFF}`;
const EAST_ASIAN = new RegExp(`[${EAST_ASIAN_LETTERS}]`, 'u');
const NOT_EAST_ASIAN = new RegExp(`[^${EAST_ASIAN_LETTERS}]+`, 'gu');
const RUNS_OF_A_SCRIPT = new RegExp(`[${EAST_ASIAN_LETTERS}]+|[^${EAST_ASIAN_LETTERS}]+`, 'gu');

/** Digits, punctuation and symbols that may stand beside East Asian letters. */
const SYMBOLS = String.raw`\u0021-\u0040\u005B-\u0060\u007B-\u00BF\u00D7\u00F7\u2010-\u2BFF\u2E00-\u2E7F\u3000-\u303F\u3190-\u319F\u31C0-\u31EF\u3200-\u33FF\u4DC0-\u4DFF\uFE10-\uFE1F\uFE30-\uFE6F\uFF01-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65\u{1F000}-\u{1FBFF}`;

/** Marks that join any letter: they alone make no word. */
const MARKS = String.raw`\u0300-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\uFE20-\uFE2F`;

/** A word of other letters within a word that has East Asian ones too, such as Emma in "Emma李". */
const OTHER_LETTERS = `[^${EAST_ASIAN_LETTERS}${INKLESS}${SYMBOLS}]`;
const OTHER_WORD = new RegExp(
  `(?![${MARKS}])${OTHER_LETTERS}+(?:['\\u2019-]${OTHER_LETTERS}+)*`,
  'u',
);

/** Between the parts of a foreign name in Han or Katakana, which puts the given name first. */
const MIDDLE_DOT = /[=\u00B7\u2022\u2027\u2219\u22C5\u2E31\u30A0\u30FB\uFF1D\uFF65]/u;

/** Where a word ends. */
const BLANKS = String.raw`${INKLESS}_/|\\`;
const AT_ENDS = new RegExp(`^[${BLANKS}]+|[${BLANKS}]+$`, 'gu');
const BETWEEN_WORDS = new RegExp(`[${BLANKS}]+`, 'u');
const ALL_INKLESS = new RegExp(`[${INKLESS}]`, 'gu');
const JOINED = new RegExp(`[${JOINING}]`, 'gu');

/**
 * What the public sees of a name unless the parent chooses: its first word, and where a comma or its like tells that
 * the family's name comes first, the first word after that. `default_public_name` in the database is the same.
 */
export function defaultPublicName(name: string): string {
  const parts = name.split(COMMA);
  const given = parts
    .slice(1)
    .map(firstWord)
    .find((word) => word !== '' && !SUFFIX.test(word));
  const shown = given ?? parts.map(beginning).find((word) => word !== '') ?? NAMELESS;
  return Array.from(shown).slice(0, LONGEST_PUBLIC_NAME).join('');
}

/** The first word; of an East Asian name in one word, the last half. */
function beginning(part: string): string {
  const solid = solidOf(part);
  if (BETWEEN_WORDS.test(solid) || !EAST_ASIAN.test(solid)) return firstWord(part);
  const [first = '', ...others] = part
    .split(MIDDLE_DOT)
    .filter((piece) => EAST_ASIAN.test(piece) || OTHER_WORD.test(piece))
    .map((piece) => inOneScript(solidOf(piece), piece));
  if (others.length > 0 || !EAST_ASIAN.test(first)) return first;
  const letters = Array.from(first.replace(NOT_EAST_ASIAN, ''));
  return letters.slice(-Math.max(1, Math.floor(letters.length / 2))).join('');
}

function solidOf(text: string): string {
  return text.replace(JOINED, '').replace(AT_ENDS, '');
}

function firstWord(text: string): string {
  const word = wordsOf(text)[0] ?? '';
  return EAST_ASIAN.test(word) ? inOneScript(word) : word;
}

/** `word`, or where East Asian letters and others meet in the text, the others: they are mostly the given name. */
function inOneScript(word: string, text = word): string {
  return OTHER_WORD.exec(text)?.[0] ?? word;
}

function wordsOf(text: string): string[] {
  return text.split(BETWEEN_WORDS).filter((word) => word !== '');
}

/** Shorter words stand within innocent ones, as "de" does in "Adele": they count only by themselves. */
const SHORTEST_WITHIN = 3;

/**
 * Whether a public name tells a further word of the name, whatever its case, accents and punctuation: as a
 * word, or run together with others. The default tells none. In an East Asian name of several words one may
 * be shown instead of the first, which is mostly the family's.
 */
export function tellsMore(publicName: string, name: string): boolean {
  const shown = defaultPublicName(name);
  if (publicName === shown) return false;
  const [known, told] = [lettersOf(shown), lettersOf(publicName)];
  if (told === known) return false;
  const inOneRun = publicName.match(RUNS_OF_A_SCRIPT)?.length === 1;
  if (EAST_ASIAN.test(name) && inOneRun && wordsOf(name).includes(publicName))
    return wordsOf(name).length === 1;
  const spoken = new Set(partsOf(publicName));
  const rest = told.replace(known, ' ');
  return furtherWords(name, known).some((word) => {
    if (spoken.has(word) || told === word) return true;
    if (word.length < SHORTEST_WITHIN)
      return [known + word, word + known].some((both) => told.includes(both));
    return rest.includes(word) || (!known.includes(word) && told.includes(word));
  });
}

/** All words of the name but the one that is shown, each whole and in the parts that punctuation makes. */
function furtherWords(name: string, known: string): string[] {
  const all = wordsOf(name.split(COMMA).join(' ')).flatMap((word) => [
    lettersOf(word),
    ...partsOf(word),
  ]);
  return [...new Set(all)].filter((word) => word !== '' && word !== known);
}

/** Runs of letters and digits in the folded text, East Asian ones apart from others. */
function partsOf(text: string): string[] {
  const runs = fold(text).match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return runs.flatMap((run) => run.match(RUNS_OF_A_SCRIPT) ?? []);
}

function lettersOf(text: string): string {
  return partsOf(text).join('');
}

/** Without regard to case, accents and forms; letters that show no ink are blanks. Vowel signs of Indic scripts are letters of their own. */
function fold(text: string): string {
  const plain = inForm('NFKD', text).replace(
    /[\p{sc=Inherited}\u0591-\u05C7\u0610-\u061A\u06D6-\u06ED]/gu,
    '',
  );
  // Twice in small letters: the capital of ß is SS, but that of ẞ is ẞ.
  return plain
    .replace(ALL_INKLESS, ' ')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ');
}
