import { describe, expect, test } from 'vitest';
import { findProgram } from './programs.js';

/** Debian's packages, and a program of each by which it is known to be there. */
const PROGRAMS = { 'postgresql-15': 'initdb', pgbouncer: 'pgbouncer', nginx: 'nginx' };

/** A package of Debian's that a test needs. */
export type Package = keyof typeof PROGRAMS;

/**
 * Describes what needs these packages. Where one is missing, nothing of it is run and its name says so; with
 * `DEPLOY_TESTS=required`, as in CI, that is a failure.
 */
export function describeWith(packages: Package[], name: string, tests: () => void): void {
  const missing = packages.filter((one) => !isThere(one));
  if (missing.length === 0) return void describe(name, tests);
  const reason = `needs Debian's ${missing.join(' and ')}, which is not installed here`;
  if (process.env.DEPLOY_TESTS !== 'required') {
    process.stderr.write(`${name}: not run: ${reason}\n`);
    return void describe(`${name} (not run: ${reason})`, () => test.todo(reason));
  }
  describe(name, () => {
    test(reason, () => expect(missing).toEqual([]));
  });
}

/** Whether a package is installed. */
export function isThere(name: Package): boolean {
  return findProgram(PROGRAMS[name]) !== undefined;
}
