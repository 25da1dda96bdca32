import type { Font } from 'fontkit';
import { ScriptFonts } from './script-fonts.js';

/** Stands for what no font here draws, most emoji among it. Copied, it is the letter all the same. */
const UNKNOWN = '□';

/** UTF-16 units. No language puts more marks on a letter; more would leave the line. */
const LONGEST_LETTER = 8;

const graphemes = new Intl.Segmenter('en');

/** Of the receipt's own font. */
type Face = 'regular' | 'bold';

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
  readonly #settable = new Map<string, boolean>();
  /** The whole text that lines are taken from: its other letters tell which language it is. */
  text = '';

  /**
   * @param own the receipt's own font, for all that it has.
   * @param set lays out a text in another font; throws where that font has tables that fontkit stumbles over.
   */
  constructor(
    readonly own: Font,
    readonly set: (font: string, text: string) => void,
  ) {}

  /** A font beside the receipt's own. */
  fontOf(name: string): Font {
    return this.#scripts.get(name);
  }

  /** A text in runs of one font each. Only the regular face has letters of other scripts beside it. */
  runs(text: string, face: Face): Run[] {
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
    return runs.flatMap((parts) => this.#joined(parts, face));
  }

  /** Runs of one font as one; where the font can't set them together, each by itself as far as it can. */
  #joined(parts: Run[], face: Face): Run[] {
    const { font, actual } = parts[0]!;
    const drawn = parts.map((part) => part.drawn).join('');
    if (!isOwn(font) && !this.#canSet(font, drawn)) {
      const alone = (part: Run) => this.#canSet(font, part.drawn);
      return parts.map((part) => (alone(part) ? part : unknown(part.drawn, face)));
    }
    const whole = parts.map((part) => part.actual).join('');
    return [{ font, drawn, ...(actual !== undefined && { actual: whole }) }];
  }

  /** Remembered, since to lay out text takes most of the time of a receipt. */
  #canSet(font: string, text: string): boolean {
    const key = `${font} ${text}`;
    const known = this.#settable.get(key);
    if (known !== undefined) return known;
    let isSettable = true;
    try {
      this.set(font, text);
    } catch {
      isSettable = false;
    }
    this.#settable.set(key, isSettable);
    return isSettable;
  }

  #runOf(letter: string, face: Face): Run {
    const key = [face, this.#scripts.languageOf(this.text), letter].join(' ');
    const known = this.#known.get(key);
    if (known) return known;
    const run = this.#newRun(letter, face);
    this.#known.set(key, run);
    return run;
  }

  #newRun(letter: string, face: Face): Run {
    if (letter.length > LONGEST_LETTER) return unknown(letter, face);
    if (this.#canDraw(letter)) return { font: face, drawn: letter };
    const font = this.#scripts.nameFor(letter, this.text);
    return font === undefined ? unknown(letter, face) : { font, drawn: letter, actual: letter };
  }

  #canDraw(letter: string): boolean {
    const known = (character: string) => this.own.hasGlyphForCodePoint(character.codePointAt(0)!);
    return Array.from(letter).every(known);
  }
}

/** A box in place of a letter, which it reads as when copied. */
function unknown(letter: string, face: Face): Run {
  return { font: face, drawn: UNKNOWN, actual: /\p{Cc}/u.test(letter) ? UNKNOWN : letter };
}

function isOwn(font: string): boolean {
  return font === 'regular' || font === 'bold';
}
