import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { developmentSecret } from '../src/config/secret.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dreamjar-secret-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('it is made once, for its owner only, and leaves nothing beside it', async () => {
  const secrets = await Promise.all([developmentSecret(folder), developmentSecret(folder)]);
  expect(new Set([...secrets, await developmentSecret(folder)]).size).toBe(1);
  expect(Buffer.byteLength(secrets[0])).toBeGreaterThanOrEqual(32);
  expect((await stat(join(folder, 'jwt-secret'))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['jwt-secret']);
});

test.each(['', 'short', ' '.repeat(64)])('one that is damaged (%j) signs nothing', async (text) => {
  await writeFile(join(folder, 'jwt-secret'), text);
  await expect(developmentSecret(folder)).rejects.toThrow(/damaged.*JWT_SECRET/);
  expect(await readFile(join(folder, 'jwt-secret'), 'utf8')).toBe(text);
});

test('a folder that cannot be one is told in a sentence', async () => {
  await writeFile(join(folder, 'file'), '');
  const attempt = developmentSecret(join(folder, 'file'));
  await expect(attempt).rejects.toThrow(/can't be written.*DATA_DIR.*JWT_SECRET/);
});
