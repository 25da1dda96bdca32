import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from './errors.js';

/**
 * The secret that signs tokens on a developer's machine: made once, kept in the data folder for its owner
 * only, so that a restart signs nobody out.
 * @throws StartError when the folder can't be written.
 */
export async function developmentSecret(dataDir: string): Promise<string> {
  const file = join(dataDir, 'jwt-secret');
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(file, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      throw new StartError(
        `The folder ${dataDir} can't be written (${code}). Set DATA_DIR to another.`,
      );
    }
  }
  return (await readFile(file, 'utf8')).trim();
}
