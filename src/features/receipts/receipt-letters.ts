import type { Font } from 'fontkit';
import { ScriptFonts } from './script-fonts.js';

/** Stands for what no font here draws, most emoji among it. Copied, it is the letter all the same. */
const UNKNOWN = '□';

/** UTF-16 units. No language puts more marks on a letter; more would leave the line. */
const LONGEST_LETTER = 8;

const graphemes = new Intl.Segmenter('en');

/** A part of a line in one font. */
export interface Run {
  font: string;
  drawn: string;
  /** What it reads as when copied, where the shapes alone don't tell. */
  actual?: string;
}

/** Which font draws which letter of one receipt. */
export class Letters {
  readonly #scripts = new ScriptFonts();
  readonly #known = new Map<string, Run>();
  /** The whole text that lines are taken from: its other letters tell which language it is. */
  text = '';

  /** @param own the receipt's own font, for all that it has. */
  constructor(readonly own: Font) {}

  /** A font beside the receipt's own. */
  fontOf(name: string): Font {
    return this.#scripts.get(name);
  }

  /** A text in runs of one font each. Only the regular face has letters of other scripts beside it. */
  runs(text: string, face: 'regular' | 'bold'): Run[] {
    const letters = Array.from(graphemes.segment(text), ({ segment }) => segment);
    const single = letters.map((letter) => this.#runOf(letter, face));
    const runs: Run[][] = [];
    for (const run of single) {
      const last = runs.at(-1);
      const isSame =
        last?.[0]!.font === run.font &&
        (last[0].actual === undefined) === (run.actual === undefined);
      if (last && isSame) last.push(run);
      else runs.push([run]);
    }
    return runs.flatMap((parts) => this.#joined(parts));
  }

  /** Runs of one font as one; each by itself where the font can't set them together. */
  #joined(parts: Run[]): Run[] {
    const { font, actual } = parts[0]!;
    const drawn = parts.map((part) => part.drawn).join('');
    if (!isOwn(font) && !this.#scripts.canSet(font, drawn)) return parts;
    const whole = parts.map((part) => part.actual).join('');
    return [{ font, drawn, ...(actual !== undefined && { actual: whole }) }];
  }

  #runOf(letter: string, face: 'regular' | 'bold'): Run {
    const key = [face, this.#scripts.languageOf(this.text), letter].join(' ');
    const known = this.#known.get(key);
    if (known) return known;
    const run = this.#newRun(letter, face);
    this.#known.set(key, run);
    return run;
  }

  #newRun(letter: string, face: 'regular' | 'bold'): Run {
    const unknown = {
      font: face,
      drawn: UNKNOWN,
      actual: /\p{Cc}/u.test(letter) ? UNKNOWN : letter,
    };
    if (letter.length > LONGEST_LETTER) return unknown;
    if (this.#canDraw(letter)) return { font: face, drawn: letter };
    const font = this.#scripts.nameFor(letter, this.text);
    return font === undefined ? unknown : { font, drawn: letter, actual: letter };
  }

  #canDraw(letter: string): boolean {
    const known = (character: string) => this.own.hasGlyphForCodePoint(character.codePointAt(0)!);
    return Array.from(letter).every(known);
  }
}

function isOwn(font: string): boolean {
  return font === 'regular' || font === 'bold';
}
