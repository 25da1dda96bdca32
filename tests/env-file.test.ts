import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StartError } from '../src/core/errors.js';
import { readEnvFile } from '../src/config/env-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dreamjar-env-'));
  path = join(folder, '.env');
});
afterEach(() => rm(folder, { recursive: true }));

/** What the start says of a file that it refuses. */
function complaint(): string {
  try {
    readEnvFile(path);
  } catch (error) {
    if (error instanceof StartError) return error.message.replace(path, '.env');
    throw error;
  }
  throw new Error('The file was taken.');
}

describe('a .env file', () => {
  test('may be missing', () => {
    expect(readEnvFile(path)).toEqual({});
  });

  test.each([
    ['a byte order mark', '\uFEFFPORT=3001\nHOST=::1\n', { PORT: '3001', HOST: '::1' }],
    ['the line ends of Windows', 'PORT=3001\r\nHOST=::1\r\n', { PORT: '3001', HOST: '::1' }],
    ['comments, blank lines and export', '# a\n\n  # b\nexport PORT=3001 # c\n', { PORT: '3001' }],
    ['quotes around a #', 'JWT_SECRET="a#b"\n', { JWT_SECRET: 'a#b' }],
    ['a value over several lines', 'A="1\nB=2\n3"\nC=4\n', { A: '1\nB=2\n3', C: '4' }],
    ['an empty value', 'PORT=\n', { PORT: '' }],
    ['line ends that are written \\n', 'A="1\\nB 2"\nC=3\n', { A: '1\nB 2', C: '3' }],
    ['a comment right after quotes', 'A="1"# b\nC= # d\n', { A: '1', C: '' }],
    ['quotes that do not end', 'A="1\nB=it\'s\n', { A: '"1', B: "it's" }],
  ])('may have %s', async (_what, content, variables) => {
    await writeFile(path, content);
    expect(readEnvFile(path)).toEqual(variables);
  });

  test.each([
    ['a line without a sign', 'PORT=3001\nJWT_SECRET my secret\n', 'Line 2 of .env is no setting'],
    ['a line after \\n', 'A="1\\n2"\nPORT 4000\n', 'Line 2 of .env is no setting'],
    ['a line after several', 'A="1\n2"\n\n# b\nPORT 4000\n', 'Line 5 of .env is no setting'],
    ['a # in a value', 'A=my secret#1\n', '.env has a # in the value of A'],
    ['a # in a value after open quotes', 'A="my secret#1\n', '.env has a # in the value of A'],
    ['a # before a value', 'A=#my secret\n', '.env has a # in the value of A'],
    ['a name that no object can have', '__proto__=1\n', 'Line 1 of .env is no setting'],
    ['a name with a space', 'JWT SECRET=my secret\n', 'Line 1 of .env is no setting'],
    ['a name twice', 'PORT=3001\nHOST=::1\nPORT=3002\n', '.env sets PORT twice'],
    ['text in UTF-16', Buffer.from('\uFEFFPORT=3001\n', 'utf16le'), '.env is not UTF-8 text'],
  ])('is refused with %s', async (_what, content, sentence) => {
    await writeFile(path, content);
    expect(complaint()).toContain(sentence);
    expect(complaint()).not.toContain('my secret');
  });

  test.each([
    ['a folder', () => mkdir(path)],
    ['a device', () => symlink('/dev/null', path)],
  ])('is refused when it is %s', async (_what, make) => {
    await make();
    expect(complaint()).toBe('.env must be a regular file, not a folder, pipe or device.');
  });

  test('is refused when it cannot be opened', async () => {
    await symlink(path, path);
    expect(complaint()).toBe(".env can't be read (ELOOP).");
  });
});
