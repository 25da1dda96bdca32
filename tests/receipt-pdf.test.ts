import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { receiptPdf, type ReceiptFields } from '../src/features/giving/receipts/receipt-pdf.js';

const RECEIPT: ReceiptFields = {
  number: 'DJ-2026-0000123',
  amount: 1250,
  refunded_amount: 0,
  currency: 'usd',
  donor_name: 'Kate Miller',
  donor_email: 'kate@example.org',
  date_donated: '2026-03-01T23:59:59.999Z',
  campaign: { title: 'A red kite', child_name: 'Mia' },
};

const BOXES = 'Characters shown as boxes can be copied as text.';

interface Line {
  /** Points from the page's left and lower edge. */
  x: number;
  y: number;
  /** As it is copied, and by its shapes. */
  text: string;
  shown: string;
}

/** What stands on the page, read as a viewer would: glyph numbers, through each font's /ToUnicode. */
function read(pdf: Buffer) {
  const source = pdf.toString('latin1');
  const objects = new Map(
    Array.from(source.matchAll(/(?<=^|\n)(\d+) 0 obj\n(.*?)\nendobj/gs), ([, id, body]) => [
      id!,
      body!,
    ]),
  );
  const inflated = (id: string) => {
    const [, stream] = /\nstream\n(.*)\nendstream/s.exec(objects.get(id)!)!;
    return inflateSync(Buffer.from(stream!, 'latin1')).toString('latin1');
  };
  const pages = [...objects.values()].filter((body) => /\/Type \/Page\b/.test(body));
  const alphabets = new Map(
    Array.from(source.matchAll(/\/(F\d+) (\d+) 0 R/g), ([, font, id]) => {
      const [, map] = /\/ToUnicode (\d+) 0 R/.exec(objects.get(id!)!)!;
      return [font!, alphabet(inflated(map!))];
    }),
  );
  const content = inflated(/\/Contents (\d+) 0 R/.exec(pages[0]!)![1]!);
  const dictionaries = source.replace(/\nstream\n.*?\nendstream/gs, '');
  return { pages: pages.length, dictionaries, lines: linesOf(content, alphabets) };
}

function alphabet(map: string): string[] {
  const [, range] = /beginbfrange\n<0000> <\w+> \[(.*?)\]\nendbfrange/s.exec(map)!;
  return Array.from(range!.matchAll(/<(.*?)>/g), ([, units]) =>
    units!
      .split(' ')
      .map((unit) => String.fromCharCode(parseInt(unit, 16)))
      .join(''),
  );
}

/** What a part of the page reads as when copied, in UTF-16 with its marks escaped. */
function copied(literal: string): string {
  const bytes = literal.replace(/\\(.)/gs, (_all, mark: string) => ESCAPED[mark] ?? mark);
  return Buffer.from(bytes, 'latin1').swap16().toString('utf16le').slice(1);
}

const ESCAPED: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

const TEXT = /(?:\/ActualText \(((?:\\.|[^\\)])*)\)\n>> BDC\nq\n[^\n]*\n|\n)BT\n(.*?)\nET\n/gs;

/** Everything at one height is one line, from left to right. */
function linesOf(content: string, alphabets: Map<string, string[]>): Line[] {
  const lines = new Map<string, Line>();
  for (const [, actual, block] of content.matchAll(TEXT)) {
    const [, x, y] = /^1 0 0 1 (\S+) (\S+) Tm/.exec(block!)!;
    const letters = alphabets.get(/\/(F\d+) \S+ Tf/.exec(block!)![1]!)!;
    const glyphs = Array.from(block!.matchAll(/<(\w+)>/g), ([, hex]) =>
      hex!.match(/.{4}/g)!,
    ).flat();
    const shown = glyphs.map((glyph) => letters[parseInt(glyph, 16)]).join('');
    const text = actual === undefined ? shown : copied(actual);
    const line = lines.get(y!) ?? { x: Number(x), y: Number(y), text: '', shown: '' };
    lines.set(y!, { ...line, text: line.text + text, shown: line.shown + shown });
  }
  return [...lines.values()];
}

async function linesFor(fields: Partial<ReceiptFields>): Promise<string[]> {
  const { pages, lines } = read(await receiptPdf({ ...RECEIPT, ...fields }));
  expect(pages).toBe(1);
  return lines.map(({ text }) => text.replaceAll('\u00a0', ' '));
}

describe('a receipt', () => {
  test('tells who gave what to whom, and when', async () => {
    expect(await linesFor({})).toEqual([
      'DreamJarReceipt',
      'Receipt numberDJ-2026-0000123',
      'Date1 March 2026',
      'Received fromKate Miller',
      'kate@example.org',
      'Given toA red kite',
      'for Mia',
      'Amount receivedUSD 1,250',
      'Thank you. Your gift brings a child’s dream closer.',
      'This is a receipt for a gift made through DreamJar. It is not a tax certificate.',
    ]);
  });

  test('tells what went back, and what remains', async () => {
    expect(await linesFor({ refunded_amount: 250 })).toEqual(
      expect.arrayContaining([
        'Amount receivedUSD 1,250',
        'RefundedUSD 250',
        'Remaining giftUSD 1,000',
      ]),
    );
    expect(await linesFor({ refunded_amount: 1250 })).toContain('Remaining giftUSD 0');
  });

  test('leaves out what is not known', async () => {
    const campaign = { title: 'Deleted DreamJar', child_name: null };
    const lines = await linesFor({ donor_email: null, campaign });
    expect(lines.slice(3, 6)).toEqual([
      'Received fromKate Miller',
      'Given toDeleted DreamJar',
      'Amount receivedUSD 1,250',
    ]);
  });

  test('names the currency, in whole units', async () => {
    expect(await linesFor({ currency: 'eur', amount: 7 })).toContain('Amount receivedEUR 7');
    expect(await linesFor({ currency: 'JPY', amount: 100_000 })).toContain(
      'Amount receivedJPY 100,000',
    );
  });

  test('is the same, byte for byte, whatever was drawn before', async () => {
    const first = await receiptPdf({ ...RECEIPT, donor_name: 'Eva ﬁnn بدر' });
    await receiptPdf({ ...RECEIPT, donor_name: 'Évariste Łukasz 😀 王 ﺑﺪﺭ ﬀ' });
    expect((await receiptPdf({ ...RECEIPT, donor_name: 'Eva ﬁnn بدر' })).equals(first)).toBe(true);
    expect((await receiptPdf({ ...RECEIPT, amount: 1251 })).equals(first)).toBe(false);
  });

  test('says nothing personal in its metadata', async () => {
    const { dictionaries } = read(await receiptPdf(RECEIPT));
    expect(dictionaries).toMatch(/^%PDF-1\.7\n/);
    expect(dictionaries).toContain('\n(DJ-2026-0000123)\n');
    expect(dictionaries).toContain('/Lang (en)');
    expect(dictionaries).toContain('\n(D:20260301235959Z)\n');
    for (const personal of ['Kate', 'Miller', 'example.org', 'Mia', 'kite']) {
      expect(dictionaries).not.toContain(personal);
    }
  });
});

describe('a name', () => {
  const backwards = (name: string) => Array.from(name).reverse().join('');
  const nameDrawnFor = async (donor_name: string) =>
    (await linesFor({ donor_name }))[3]!.replace('Received from', '');

  test.each([
    'Łukasz Żółć-Ångström',
    'Γιώργος Παπαδόπουλος',
    'Дмитрий Ёлкин',
    'Đặng Thị Ngọc',
    '😀',
  ])('is drawn as it is: %s', async (name) => expect(await nameDrawnFor(name)).toBe(name));

  test('reads as itself, whatever was drawn before', async () => {
    await nameDrawnFor('ÀĈÉĜĤÎĴŃÕŘŜŤÜẂÝŹ');
    expect(await nameDrawnFor('ACEGHIJNORSTUWYZ')).toBe('ACEGHIJNORSTUWYZ');
  });

  test.each(['שרה לוי', 'أحمد زيد'])('runs from right to left, words and all: %s', async (name) => {
    expect(await nameDrawnFor(name)).toBe(backwards(name));
    expect(await nameDrawnFor(`Anna ${name} 12`)).toBe(`Anna ${backwards(name)} 12`);
  });

  test.each([
    '山田太郎 さくら アキラ',
    '王小明 赵鑫 龍',
    '김민수',
    'हिन्दी राजेन्द्र श्री',
    'সুমিত শ্রী',
    'પ્રિયા',
    'தமிழ் செல்வி',
    'తెలుగు',
    'ಕನ್ನಡ',
    'ശ്രീ',
    'සිංහල',
    'สมชาย กี้ น้ำ',
    'ສົມຊາຍ',
    'မောင်',
    'សុខ',
    'አበበ',
    'Mia 王 ☺ हि',
  ])('is drawn in its own script, and copied as it is: %s', async (name) => {
    const { lines } = read(await receiptPdf({ ...RECEIPT, donor_name: name }));
    expect(lines[3]!.text).toBe(`Received from${name}`);
    expect(lines[3]!.shown).not.toContain('□');
  });

  test.each([
    ['Mia 🎁👨‍👩‍👧', 'Mia □□'],
    [`Z${'\u0301'.repeat(149)}`, '□'],
    [Array(50).fill('😀').join('\u200d'), '□'],
    ['𓀀(\\)', '□(\\)'],
  ])('has a box for a letter that no font has, and is copied as it is: %j', async (name, shown) => {
    const { lines } = read(await receiptPdf({ ...RECEIPT, donor_name: name }));
    expect(lines[3]).toMatchObject({
      text: `Received from${name}`,
      shown: `Received from${shown}`,
    });
    expect(lines.at(-1)!.text).toBe(BOXES);
  });

  test.each(['བཀྲ་ཤིས', 'ᏣᎳᎩ', '𞤀𞤣𞤤𞤢𞤥', 'ꦗꦮ', 'ᠮᠣᠩᠭᠣᠯ'])(
    'in a script without a font can be copied, as a note says: %s',
    async (name) => {
      const lines = await linesFor({ donor_name: name });
      expect(lines[3]).toBe(`Received from${name}`);
      expect(lines).toHaveLength(11);
      expect(lines.at(-1)).toBe(BOXES);
    },
  );

  test('in a box that it has itself needs no note', async () => {
    expect(await linesFor({ donor_name: 'Mia □' })).not.toContain(BOXES);
  });

  test.each(['ਗੁਰਪ੍ਰੀਤ', 'తెలుగు శ్రీ'])(
    'of letters that can not be set is drawn as far as it can be, and copied as it is: %s',
    async (name) => expect(await nameDrawnFor(name)).toBe(name),
  );

  test('holds no control characters', async () => {
    expect(await nameDrawnFor('\u0007\u0000')).toBe('□□');
  });

  test.each([
    ['a\u2028b\u2029c\u0085d\ne\tf\u3000g', 'a b c d e f g'],
    ['\u202eevil\u202c \u2066x\u2069\u200f\u061c', 'evil x'],
    ['(x) Tj ET <41> \\(', '(x) Tj ET <41> \\('],
    ['>> endobj %%EOF', '>> endobj %%EOF'],
    ['<b>&amp;', '<b>&amp;'],
    ['\u202e', ''],
  ])('changes nothing around it: %j', async (name, drawn) => {
    expect(await nameDrawnFor(name)).toBe(drawn);
    expect(await linesFor({ donor_name: name })).toHaveLength(10);
  });
});

describe('the longest texts', () => {
  const receiptOf = (letter: string, times = 1): ReceiptFields => ({
    ...RECEIPT,
    amount: 100_000,
    refunded_amount: 99_999,
    donor_name: letter.repeat(150 / times),
    donor_email: `${'W'.repeat(242)}@example.org`,
    campaign: { title: letter.repeat(200 / times), child_name: letter.repeat(100 / times) },
  });

  test.each([
    'W',
    'i',
    'Ж',
    'ض',
    '王',
    '\u1671',
    '\u2031',
    'ﷺ',
    '\u2028',
    'ab cde fgh',
    '😀\u200d',
  ])('of %j stay on the page', async (letter) => {
    const { pages, lines } = read(await receiptPdf(receiptOf(letter, Array.from(letter).length)));
    expect(pages).toBe(1);
    const heights = lines.map(({ y }) => y);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
    expect(Math.min(...heights)).toBeGreaterThan(40);
    const [thanks, foot] = lines.filter(({ text }) => text !== BOXES).slice(-2);
    expect(thanks!.text).toMatch(/^Thank you/);
    expect(thanks!.y - foot!.y).toBeGreaterThan(30);
    for (const { shown } of lines) expect(shown.length).toBeLessThanOrEqual(150);
  });

  test('are told whole where letters are of common width, and else end in an ellipsis', async () => {
    const title = 'W'.repeat(200);
    const whole = await linesFor({ campaign: { title, child_name: null } });
    expect(whole.join('').match(/W/g)).toHaveLength(200);
    const cut = await linesFor({ campaign: { title: '\u2031'.repeat(200), child_name: null } });
    expect(cut).toContain('…');
  });
});
