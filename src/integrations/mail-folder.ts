import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { StartError } from '../core/errors.js';

/** Milliseconds: a file holds a name, an address and perhaps a link that is still good. */
const KEPT = 7 * 24 * 3_600_000;

/** Milliseconds between two looks for files that are too old. */
const SWEEP = 3_600_000;

const folderIn = (dataDir: string) => join(dataDir, 'mail');

/** Makes the folder of the mails. @throws StartError when no mail could be written. */
export async function openMailFolder(dataDir: string): Promise<void> {
  const folder = folderIn(dataDir);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(
      `The folder ${folder} can't be written (${code}), and without SMTP_URL all mail goes there. Set DATA_DIR to another, or set SMTP_URL.`,
    );
  }
}

/**
 * For machines without a mail server: each mail is an `.eml` file in `mail/` of the data folder, whole or
 * not there, for its owner only, its name sorted by time. Removed after seven days.
 */
export function createMailFolder(dataDir: string) {
  const folder = folderIn(dataDir);
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const sweep = () => void removeOldFiles(folder).catch(() => undefined);
  const sweeping = setInterval(sweep, SWEEP);
  sweeping.unref();
  sweep();
  return {
    send: async (mail: object) => {
      const { message } = await composer.sendMail(mail);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${new Date().toISOString().replaceAll(':', '-')}-${randomUUID().slice(0, 8)}`;
      const unfinished = join(folder, `.${name}.part`);
      try {
        await writeFile(unfinished, message as Buffer, { mode: 0o600, flag: 'wx', flush: true });
        await rename(unfinished, join(folder, `${name}.eml`));
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    close: () => {
      clearInterval(sweeping);
      composer.close();
    },
  };
}

/** What can't be looked at or removed now is tried again at the next sweep. */
async function removeOldFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/\.(eml|part)$/.test(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > KEPT) await rm(path, { force: true });
  }
}
