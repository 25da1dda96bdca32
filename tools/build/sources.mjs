// What dist/ is built from, as one hash: the build is skipped, and tests trust it, while that is the same.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a build reads beside `src/`. */
export const FILES = [
  'package.json',
  'package-lock.json',
  'prisma.config.ts',
  'prisma/schema.prisma',
  'tsconfig.json',
  'tsconfig.build.json',
  'tools/build/build.mjs',
];

/** The file in which a build leaves the hash of its sources. */
export const STAMP = join(root, 'dist/.built');

/** SHA-256 of all that a build reads: times would lie after a copy, an unpacked archive or a checkout. */
export function hashSources() {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith(`generated${sep}`))
    .map((file) => join('src', file));
  const hash = createHash('sha256');
  for (const file of [...FILES, ...sources.sort()]) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** Whether dist/ was built from the sources as they are now. */
export function isBuilt() {
  return stampOfBuild() === hashSources();
}

function stampOfBuild() {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}
