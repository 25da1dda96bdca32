import { INKLESS } from './inkless.js';

/** White space of every kind: Unicode's, and the characters that only look like it. */
const WHITE_SPACE = String.raw`\s\u0085\u115F\u1160\u180E\u200B\u2060\u2800\u3164\uFFA0`;

const BETWEEN_WORDS = new RegExp(`[${WHITE_SPACE}]+`, 'u');

/** Control characters that are not white space stay where they are, so that they are refused. */
const TRIMMED = new RegExp(`(?![\\0-\\x08\\x0E-\\x1F\\x7F])[${INKLESS}]`, 'u');

/** What completes the character before it: variation selectors, the tags of a flag, joiners of Indic scripts. */
const COMPLETION =
  /\p{Variation_Selector}|(?<=\u{1F3F4})[\u{E0020}-\u{E007E}]{1,8}\u{E007F}|(?<=\p{M})[\u200C\u200D]/uy;

/** Marks on one letter: the figure of stream-safe text in UAX #15. Sorting longer runs takes quadratic time. */
export const MOST_MARKS = 30;

const MARKS = /\p{M}+/gu;

/** A character of NFC comes from at most 4 code points, of 2 code units each. */
const LARGEST_SHRINKING = 8;

/** Whether text of any form is too long for `max` code points of NFC, told without looking at it. */
export function isFarTooLong(text: string, max: number): boolean {
  return text.length > max * LARGEST_SHRINKING;
}

/** Whether a letter bears more marks than any language needs. */
export function hasTooManyMarks(text: string): boolean {
  for (const [marks] of text.matchAll(MARKS)) {
    if (marks.length > MOST_MARKS && codePoints(marks) > MOST_MARKS) return true;
  }
  return false;
}

/** The text as it is stored: trimmed, in Unicode's composed form (NFC), with closed changes of direction. */
export function tidy(text: string): string {
  return closeDirections(inForm('NFC', trim(text)));
}

/**
 * The text in one of Unicode's forms, in linear time: marks beyond 30 on one letter are dropped. The linter
 * lets nothing else call `normalize`.
 */
export function inForm(form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD', text: string): string {
  const bounded = hasTooManyMarks(text)
    ? text.replace(MARKS, (marks) => Array.from(marks).slice(0, MOST_MARKS).join(''))
    : text;
  return bounded.normalize(form);
}

/** By hand: a pattern anchored at the end takes quadratic time on a long run of blanks in the middle. */
function trim(text: string): string {
  const characters = Array.from(text);
  const isInk = (character: string) => !TRIMMED.test(character);
  const first = characters.findIndex(isInk);
  if (first === -1) return '';
  const last = characters.findLastIndex(isInk);
  const start = characters.slice(0, first).join('').length;
  const end = start + characters.slice(first, last + 1).join('').length;
  COMPLETION.lastIndex = end;
  return text.slice(start, end + (COMPLETION.exec(text)?.[0].length ?? 0));
}

const OPENS_EMBEDDING = /[\u202A\u202B\u202D\u202E]/;
const OPENS_ISOLATE = /[\u2066-\u2068]/;
const END_OF_EMBEDDING = '\u202C';
const END_OF_ISOLATE = '\u2069';
const DIRECTION = /[\u202A-\u202E\u2066-\u2069]/g;

/** Text whose changes of direction end with it, so that they don't turn what is shown after it. */
function closeDirections(text: string): string {
  const open: string[] = [];
  const balanced = text.replace(DIRECTION, (control) => {
    if (OPENS_EMBEDDING.test(control)) open.push(END_OF_EMBEDDING);
    else if (OPENS_ISOLATE.test(control)) open.push(END_OF_ISOLATE);
    else if (open.at(-1) === control) open.pop();
    else return '';
    return control;
  });
  return balanced + open.reverse().join('');
}

/** The words of a text, white space of any kind between them. */
export function words(text: string): string[] {
  return text.split(BETWEEN_WORDS).filter((word) => word !== '');
}

/** The words of a text, each once: those that differ by case alone are one. */
export function differentWords(text: string): string[] {
  const byCase = new Map(words(text).map((word) => [smallLetters(word), word]));
  return [...byCase.values()];
}

/** Each letter by itself, so that nothing becomes one that is two to the database. */
function smallLetters(word: string): string {
  return Array.from(word, (letter) => {
    const small = letter.toLowerCase();
    return codePoints(small) === 1 ? small : letter;
  }).join('');
}

/** How many code points a text has: what every length rule of the API counts. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
