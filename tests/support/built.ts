import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuilt } from '../../scripts/sources.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let isTrusted = false;

/**
 * A program as `npm test` builds it, such as `server`: it starts in a third of the time that its source takes.
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
