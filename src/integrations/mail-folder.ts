import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';

/**
 * For machines without a mail server: each mail is an `.eml` file in `mail/` of the data folder, whole or
 * not there, for its owner only, its name sorted by time.
 */
export function createMailFolder(dataDir: string) {
  const folder = join(dataDir, 'mail');
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
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
    close: () => composer.close(),
  };
}
