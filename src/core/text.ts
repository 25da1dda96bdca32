/** White space of every kind: Unicode's, and the characters that only look like it. */
const WHITE_SPACE = String.raw`\s\u0085\u180E\u200B\u2060\u2800\u3164`;

const BLANK = new RegExp(`[${WHITE_SPACE}]`, 'u');
const FIRST_WORD = new RegExp(`^[^${WHITE_SPACE}]*`, 'u');
const BETWEEN_WORDS = new RegExp(`[${WHITE_SPACE}]+`, 'u');

/** The text as it is stored: trimmed, in Unicode's composed form (NFC). */
export function tidy(text: string): string {
  return trim(text).normalize('NFC');
}

/** By hand: a pattern anchored at the end takes quadratic time on a long run of blanks in the middle. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANK.test(text.charAt(start))) start += 1;
  while (end > start && BLANK.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** The text up to its first white space of any kind. */
export function firstWord(text: string): string {
  return FIRST_WORD.exec(text)?.[0] ?? '';
}

/** The words of a text, white space of any kind between them. */
export function words(text: string): string[] {
  return text.split(BETWEEN_WORDS).filter((word) => word !== '');
}

/** How many code points a text has: what every length rule of the API counts. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
