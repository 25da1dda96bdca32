import { spawnSync } from 'node:child_process';
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as Sources from '../tools/build/sources.mjs';
import { FILES } from '../tools/build/sources.mjs';

const SOURCES = [...FILES, 'src/process/server.ts', 'src/core/page.ts'];

const BUILT = /^Building…\nBuilt in \d+\.\d s\.\n$/;

/** A small project with the same build, in which the compilers do nothing. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dreamjar-build-'));
  await cp('tools/build', join(folder, 'tools/build'), { recursive: true });
  for (const file of [...SOURCES, 'src/generated/prisma/client.ts', 'node_modules/typescript/x']) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await appendFile(join(folder, file), '{}\n');
  }
  await mkdir(join(folder, 'node_modules/.bin'));
  await compilers('exit 0');
  await symlink(join(process.cwd(), 'node_modules/esbuild'), join(folder, 'node_modules/esbuild'));
});
afterAll(() => rm(folder, { recursive: true }));

async function compilers(script: string): Promise<void> {
  for (const name of ['prisma', 'tsc'])
    await writeFile(join(folder, 'node_modules/.bin', name), `#!/bin/sh\n${script}\n`, {
      mode: 0o755,
    });
}

/** What a build says. */
function build(status = 0): string {
  const { stdout, stderr, ...ended } = spawnSync(process.execPath, ['tools/build/build.mjs'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(ended.status, stderr).toBe(status);
  expect(stdout).toBe('');
  return stderr;
}

test('what was built is not built again, though its files are newer', async () => {
  expect(build()).toMatch(BUILT);
  for (const file of SOURCES) await utimes(join(folder, file), new Date(), new Date());
  expect(build()).toBe('');
});

test('a source that is changed, new or gone is built', async () => {
  build();
  const copy = pathToFileURL(join(folder, 'tools/build/sources.mjs')).href;
  const { isBuilt } = (await import(copy)) as typeof Sources;
  expect(isBuilt()).toBe(true);
  for (const file of SOURCES) {
    const content = await readFile(join(folder, file));
    await appendFile(join(folder, file), '\n');
    expect(isBuilt(), file).toBe(false);
    await writeFile(join(folder, file), content);
    expect(isBuilt()).toBe(true);
  }
  await writeFile(join(folder, 'src/core/new.ts'), '');
  expect(isBuilt()).toBe(false);
  expect(build()).toMatch(BUILT);
  await rm(join(folder, 'src/core/new.ts'));
  expect(isBuilt()).toBe(false);
});

test('a build that fails says why, and is tried again', async () => {
  build();
  await appendFile(join(folder, 'src/process/server.ts'), '\n');
  await compilers('echo "no such type" >&2; exit 2');
  for (const _time of ['first', 'second']) expect(build(1)).toBe('Building…\nno such type\n');
  await compilers('exit 0');
  expect(build()).toMatch(BUILT);
});
