import { existsSync, readFileSync } from 'node:fs';
import { create, type Font } from 'fontkit';

/** The scripts that the receipt's own font lacks, and the fonts that have them, best first (fonts/, from npm). */
const SCRIPTS: [script: RegExp, fonts: (text: string) => string[]][] = [
  [
    /\p{scx=Han}|\p{scx=Hira}|\p{scx=Kana}|\p{scx=Bopo}|[\u3000-\u303F\uFF00-\uFFEF]/u,
    chineseOrJapanese,
  ],
  [/\p{sc=Hang}/u, () => ['kr']],
  ...Object.entries({
    Beng: 'bengali',
    Deva: 'devanagari',
    Ethi: 'ethiopic',
    Gujr: 'gujarati',
    Guru: 'gurmukhi',
    Khmr: 'khmer',
    Knda: 'kannada',
    Laoo: 'lao',
    Mlym: 'malayalam',
    Mymr: 'myanmar',
    Sinh: 'sinhala',
    Taml: 'tamil',
    Telu: 'telugu',
    Thai: 'thai',
  }).map(([script, font]): [RegExp, () => string[]] => [
    new RegExp(`\\p{sc=${script}}`, 'u'),
    () => [font],
  ]),
];

/** One character may be drawn in different ways in both: kana tell that a text is Japanese. */
function chineseOrJapanese(text: string): string[] {
  return isJapanese(text) ? ['jp', 'sc', 'kr'] : ['sc', 'jp', 'kr'];
}

function isJapanese(text: string): boolean {
  return /[\p{sc=Hira}\p{sc=Kana}]/u.test(text);
}

const files = new Map<string, Buffer | undefined>();

/**
 * The fonts of one receipt beside its own, read when a letter first needs them. Each receipt parses its own, a few
 * milliseconds each: a font remembers which letters its shapes stood for, and those of one must not be in another.
 */
export class ScriptFonts {
  readonly #parsed = new Map<string, Font>();

  /** The name of the font that has a letter as part of a text; undefined if none does. */
  nameFor(letter: string, text: string): string | undefined {
    const fonts = SCRIPTS.find(([script]) => script.test(letter))?.[1](text) ?? [];
    return fonts.find((name) => canDraw(this.#find(name), letter));
  }

  /** What decides how a text's letters are drawn, beside the letters themselves. */
  languageOf(text: string): string {
    return isJapanese(text) ? 'ja' : '';
  }

  /** A font by its name, which `nameFor` has given. */
  get(name: string): Font {
    return this.#find(name)!;
  }

  #find(name: string): Font | undefined {
    const known = this.#parsed.get(name);
    if (known) return known;
    const bytes = bytesOf(name);
    if (!bytes) return undefined;
    const font = create(bytes) as Font;
    this.#parsed.set(name, font);
    return font;
  }
}

/** Undefined where an installation has left the fonts out. */
function bytesOf(name: string): Buffer | undefined {
  if (files.has(name)) return files.get(name);
  const file = new URL(`../../../../fonts/noto-sans-${name}.ttf`, import.meta.url);
  const bytes = existsSync(file) ? readFileSync(file) : undefined;
  files.set(name, bytes);
  return bytes;
}

function canDraw(font: Font | undefined, letter: string): boolean {
  if (!font) return false;
  return Array.from(letter).every((one) => font.hasGlyphForCodePoint(one.codePointAt(0)!));
}
