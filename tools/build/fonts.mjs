// Takes the fonts of receipts from npm and unpacks them into fonts/: node tools/build/fonts.mjs
// They are kept in the repository: their packages have 80 MB each, of which a receipt needs one file.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';

const VERSION = '5.3.0';

/** The packages, and the part of each that holds its script. */
const FONTS = {
  jp: 'japanese',
  sc: 'chinese-simplified',
  kr: 'korean',
  bengali: 'bengali',
  devanagari: 'devanagari',
  ethiopic: 'ethiopic',
  gujarati: 'gujarati',
  gurmukhi: 'gurmukhi',
  kannada: 'kannada',
  khmer: 'khmer',
  lao: 'lao',
  malayalam: 'malayalam',
  myanmar: 'myanmar',
  sinhala: 'sinhala',
  tamil: 'tamil',
  telugu: 'telugu',
  thai: 'thai',
};

const folder = mkdtempSync(join(tmpdir(), 'dreamjar-fonts-'));
const run = (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8' });
try {
  for (const [name, part] of Object.entries(FONTS)) {
    const archive = run(
      'npm',
      'pack',
      '--silent',
      `@fontsource/noto-sans-${name}@${VERSION}`,
    ).trim();
    const file = `package/files/noto-sans-${name}-${part}-400-normal.woff`;
    run('tar', '-xzf', archive, file, 'package/LICENSE');
    const target = new URL(`../../fonts/noto-sans-${name}.ttf`, import.meta.url);
    writeFileSync(target, unpacked(readFileSync(join(folder, file))));
    writeFileSync(
      new URL('../../fonts/LICENSE', import.meta.url),
      readFileSync(join(folder, 'package/LICENSE')),
    );
    rmSync(join(folder, archive));
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** A WOFF as the TrueType font in it (https://www.w3.org/TR/WOFF/), with its tables one after the other. */
function unpacked(woff) {
  if (woff.toString('latin1', 0, 4) !== 'wOFF') throw new Error('not a WOFF');
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, i) => {
    const at = 44 + 20 * i;
    const [offset, packed, size] = [4, 8, 12].map((field) => woff.readUInt32BE(at + field));
    const data = woff.subarray(offset, offset + packed);
    const bytes = packed < size ? inflateSync(data) : data;
    return { tag: woff.subarray(at, at + 4), checksum: woff.subarray(at + 16, at + 20), bytes };
  });
  const power = Math.floor(Math.log2(count));
  const head = Buffer.alloc(12 + 16 * count);
  woff.copy(head, 0, 4, 8);
  head.writeUInt16BE(count, 4);
  head.writeUInt16BE(16 * 2 ** power, 6);
  head.writeUInt16BE(power, 8);
  head.writeUInt16BE(16 * (count - 2 ** power), 10);
  let offset = head.length;
  const parts = [head];
  tables.forEach(({ tag, checksum, bytes }, i) => {
    const at = 12 + 16 * i;
    tag.copy(head, at);
    checksum.copy(head, at + 4);
    head.writeUInt32BE(offset, at + 8);
    head.writeUInt32BE(bytes.length, at + 12);
    const padding = Buffer.alloc(-bytes.length & 3);
    parts.push(bytes, padding);
    offset += bytes.length + padding.length;
  });
  return Buffer.concat(parts);
}
