import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../core/errors.js';

/** Bytes. */
const SHORTEST_SECRET = 32;

/**
 * The secret that signs tokens on a developer's machine: made once, kept in the data folder for its owner
 * only, so that a restart signs nobody out.
 * @throws StartError when the folder can't be written, or the file is damaged.
 */
export async function developmentSecret(dataDir: string): Promise<string> {
  const file = join(dataDir, 'jwt-secret');
  try {
    await mkdir(dataDir, { recursive: true });
    await makeOnce(file, randomBytes(48).toString('base64url'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(
      `The folder ${dataDir} can't be written (${code}). Set DATA_DIR to another, or set JWT_SECRET.`,
    );
  }
  const secret = (await readFile(file, 'utf8')).trim();
  if (Buffer.byteLength(secret) >= SHORTEST_SECRET) return secret;
  throw new StartError(
    `${file} is damaged. Delete it, which signs everybody out, or set JWT_SECRET.`,
  );
}

/** Whole or not at all, and never over one that is there: two first starts agree on one secret. */
async function makeOnce(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
