import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

interface Lockfile {
  packages: Record<string, { dev?: boolean }>;
}

/** The names of all packages that `npm ci --omit=dev` installs, on one system or another. */
function installedInProduction(): string[] {
  const { packages } = JSON.parse(read('../package-lock.json')) as Lockfile;
  const paths = Object.keys(packages).filter((path) => path !== '' && !packages[path]!.dev);
  return [...new Set(paths.map((path) => path.split('node_modules/').at(-1)!))].sort();
}

// A package that joins is looked at first: what is it for, how heavy is it, who keeps it?
test('production installs the packages in the list, and no others', () => {
  const listed = read('support/production-packages.txt').trim().split('\n');
  expect(installedInProduction()).toEqual(listed);
});
