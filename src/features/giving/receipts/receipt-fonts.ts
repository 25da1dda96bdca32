import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font } from 'fontkit';
import { inForm } from '../../../core/text.js';

/** Letters as old encodings kept them, one for each shape. The font finds the shapes by itself. */
const PRESENTATION_FORMS = /[\uFB00-\uFDFF\uFE70-\uFEFC]/g;

type Fonts = Record<'regular' | 'bold', Font>;

let parsed: Fonts | undefined;

/** DejaVu Sans, parsed once, at the first receipt: that takes longer than to draw ten. */
export function receiptFonts(): Fonts {
  return (parsed ??= { regular: parse('DejaVuSans.ttf'), bold: parse('DejaVuSans-Bold.ttf') });
}

function parse(file: string): Font {
  const path = createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${file}`);
  const font = create(readFileSync(path)) as Font;
  // What a glyph reads as when copied. Left alone it would depend on what was drawn first: É spoils E.
  for (const codePoint of font.characterSet) {
    const letters = Array.from(inLetters(String.fromCodePoint(codePoint)));
    font.glyphForCodePoint(codePoint).codePoints = letters.map((letter) => letter.codePointAt(0)!);
  }
  return font;
}

/** The text with each presentation form as the letters that it stands for. */
export function inLetters(text: string): string {
  return text.replace(PRESENTATION_FORMS, (form) => inForm('NFKC', form));
}
