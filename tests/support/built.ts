import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuilt } from '../../tools/build/sources.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Has a program run with figures that no busy machine meets. */
const WIDE_FIGURES = new URL('wide-figures.mjs', import.meta.url).href;

let isTrusted = false;

/** The arguments by which Node starts such a program with wide figures. */
export function builtAndWide(program: string): string[] {
  return ['--import', WIDE_FIGURES, built(program)];
}

/**
 * A program as `npm test` builds it, such as `process/server`: it starts in a third of the time that its source takes.
 * @throws Error when dist/ was built from other sources: tests of both would not test one thing.
 */
export function built(program: string): string {
  isTrusted ||= isBuilt();
  if (!isTrusted) {
    throw new Error(
      'dist/ was built from other sources: run npm run build, or npm test, which does.',
    );
  }
  return join(ROOT, 'dist', `${program}.js`);
}
