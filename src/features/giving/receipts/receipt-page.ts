import { buffer } from 'node:stream/consumers';
import PDFDocument from 'pdfkit';
import { words } from '../../../core/text.js';
import { inLetters, receiptFonts } from './receipt-fonts.js';
import { Letters } from './receipt-letters.js';

const WIDTH = 595.28;
const LEFT = 68;
const RIGHT = WIDTH - LEFT;
const VALUES = LEFT + 128;
const FOOT = 752;

const INK = '#1f2933';
const QUIET = '#5b6672';
const ACCENT = '#0b6b63';
const HAIRLINE = '#d5dbe1';

const LEADING = 1.45;

/** So many lines of each of the four free texts fit on the page; a longer one ends in an ellipsis. */
const MOST_LINES = 7;

const RIGHT_TO_LEFT_WORD = String.raw`(?:(?=\p{L})[\p{sc=Arab}\p{sc=Hebr}]\p{M}*)+`;

/** Words set together from right to left; or one Persian digit, for numbers run from left to right. */
const RIGHT_TO_LEFT = new RegExp(
  String.raw`(${RIGHT_TO_LEFT_WORD}(?:[^\p{L}\p{N}]+${RIGHT_TO_LEFT_WORD})*|[\u06F0-\u06F9])`,
  'u',
);

const graphemes = new Intl.Segmenter('en');

interface Style {
  face?: 'regular' | 'bold';
  size?: number;
  colour?: string;
}

/** One A4 page that is filled from the top, tagged for screen readers. Any text fits on it. */
export class ReceiptPage {
  readonly #doc: PDFKit.PDFDocument;
  readonly #fonts = receiptFonts();
  readonly #letters = new Letters(
    this.#fonts.regular,
    (font, text) => void this.#doc.font(this.#known(font)).widthOfString(text),
  );
  readonly #registered = new Set<string>();
  readonly #structure: PDFKit.PDFStructureElement;
  #y = 64;
  #hasBoxes = false;

  /** `title` and `made` are all that the metadata tell: `made` is not the time of drawing. */
  constructor(title: string, made: Date) {
    this.#doc = new PDFDocument({
      size: 'A4',
      font: '',
      margin: 0,
      pdfVersion: '1.7',
      tagged: true,
      lang: 'en',
      displayTitle: true,
      info: { Title: title, Creator: 'DreamJar', Producer: 'DreamJar', CreationDate: made },
    });
    for (const [name, font] of Object.entries(this.#fonts)) {
      // Its types don't know of parsed fonts.
      this.#doc.registerFont(name, font as unknown as Buffer);
    }
    this.#structure = this.#doc.struct('Document');
    this.#doc.addStructure(this.#structure);
  }

  heading(left: string, right: string): void {
    this.#tagged('H1', () => {
      this.#line(left, LEFT, { face: 'bold', size: 22, colour: ACCENT });
      this.#lineToRight(right, { size: 22, colour: QUIET });
    });
    this.#y += 36;
    this.rule();
  }

  /** A label, and beside it one or more texts. Texts that are null or empty are left out. */
  row(label: string, texts: (string | null)[]): void {
    this.#tagged('P', () => {
      this.#line(label, LEFT, { colour: QUIET });
      texts.forEach((text, i) => {
        if (text) this.#text(text, VALUES, { colour: i === 0 ? INK : QUIET });
      });
    });
    this.#y += 10;
  }

  sum(label: string, money: string, total = false): void {
    const style: Style = total ? { face: 'bold', size: 14 } : { size: 11 };
    this.#tagged('P', () => {
      this.#line(label, LEFT, { ...style, colour: total ? INK : QUIET });
      this.#lineToRight(money, style);
    });
    this.#y += total ? 24 : 20;
  }

  thanks(text: string): void {
    this.#tagged('P', () => this.#text(text, LEFT, { size: 12, colour: ACCENT }));
  }

  /** Whether a box was drawn in place of a letter that no font here has. */
  get hasBoxes(): boolean {
    return this.#hasBoxes;
  }

  foot(notes: string[]): void {
    this.#y = FOOT;
    this.rule();
    for (const note of notes) {
      this.#tagged('P', () => this.#text(note, LEFT, { size: 8.5, colour: QUIET }));
    }
  }

  rule(): void {
    this.#y += 4;
    this.#doc.markContent('Artifact', { type: 'Layout' });
    this.#doc.moveTo(LEFT, this.#y).lineTo(RIGHT, this.#y).lineWidth(0.75).stroke(HAIRLINE);
    this.#doc.endMarkedContent();
    this.#y += 18;
  }

  /** The whole document. */
  finish(): Promise<Buffer> {
    this.#doc.end();
    return buffer(this.#doc);
  }

  #tagged(type: string, draw: () => void): void {
    this.#structure.add(this.#doc.struct(type, {}, draw));
  }

  /** Any text from `x` to the right margin, in as many lines as it needs and may have. */
  #text(text: string, x: number, style: Style): void {
    const { size = 10 } = style;
    this.#letters.text = this.#drawable(text);
    const lines = this.#wrap(this.#letters.text, RIGHT - x, style);
    if (lines.length > MOST_LINES) lines.splice(MOST_LINES - 1, Infinity, '…');
    for (const line of lines) {
      this.#line(line, x, style);
      this.#y += size * LEADING;
    }
  }

  /** The text with single blanks, without what would turn its direction. */
  #drawable(text: string): string {
    return inLetters(words(text.replace(/\p{Bidi_Control}/gu, '')).join(' '));
  }

  #width(text: string, { face = 'regular', size = 10 }: Style): number {
    return this.#letters.runs(text, face).reduce((sum, { font, drawn }) => {
      return sum + this.#doc.font(this.#known(font), size).widthOfString(drawn);
    }, 0);
  }

  /** The name of a font, which the document knows from its first use on. */
  #known(name: string): string {
    if (!(name in this.#fonts) && !this.#registered.has(name)) {
      this.#doc.registerFont(name, this.#letters.fontOf(name) as unknown as Buffer);
      this.#registered.add(name);
    }
    return name;
  }

  /**
   * Breaks between words, and within a word only where it is wider than a line. Measures each word, and not the
   * line as it grows, for that takes quadratic time.
   */
  #wrap(text: string, width: number, style: Style): string[] {
    const blank = this.#width(' ', style);
    const lines: string[] = [];
    let line = '';
    let taken = 0;
    for (const word of text.split(' ')) {
      const wide = this.#width(word, style);
      if (line !== '' && taken + blank + wide <= width) {
        line += ` ${word}`;
        taken += blank + wide;
        continue;
      }
      if (line !== '') lines.push(line);
      lines.push(...(wide > width ? this.#chop(word, width, style) : [word]));
      line = lines.pop()!;
      taken = this.#width(line, style);
    }
    return [...lines, line];
  }

  /** A word that is wider than a line, in parts that are not. */
  #chop(word: string, width: number, style: Style): string[] {
    const parts: string[] = [];
    let part = '';
    let room = width;
    for (const { segment } of graphemes.segment(word)) {
      const taken = this.#width(segment, style);
      if (taken > room) {
        parts.push(part);
        part = '';
        room = width;
      }
      part += segment;
      room -= taken;
    }
    return [...parts, part];
  }

  #lineToRight(text: string, style: Style): void {
    this.#line(text, RIGHT - this.#width(text, style), style);
  }

  #line(text: string, x: number, style: Style): void {
    this.#use(style);
    this.#doc.x = x;
    for (const { font, drawn, actual } of this.#letters.runs(text, style.face ?? 'regular')) {
      this.#doc.font(this.#known(font));
      if (actual !== undefined) this.#doc.markContent('Span', { actual });
      // In our own font only boxes read as something else.
      if (actual !== undefined && font in this.#fonts) this.#hasBoxes = true;
      // Shapes of other scripts depend on each other: their fonts say how. All stand on the line of our own font.
      const features = font in this.#fonts ? { features: [] } : { baseline: -this.#ascent(style) };
      for (const part of drawn.split(RIGHT_TO_LEFT)) {
        this.#doc.text(part, this.#doc.x, this.#y, { lineBreak: false, ...features });
      }
      if (actual !== undefined) this.#doc.endMarkedContent();
    }
  }

  /** Points from the top of a line to the line that its letters stand on. */
  #ascent({ size = 10 }: Style): number {
    const { ascent, unitsPerEm } = this.#fonts.regular;
    return (ascent / unitsPerEm) * size;
  }

  #use({ face = 'regular', size = 10, colour = INK }: Style): void {
    this.#doc.font(face, size).fillColor(colour);
  }
}
