import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createMailer } from '../src/integrations/mailer.js';
import { MAIL_FROM } from './support/worker.js';

/** Milliseconds. */
const HOUR = 3_600_000;

test('files of mails are removed after seven days, at the start and every hour', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const dataDir = await mkdtemp(join(tmpdir(), 'dreamjar-mail-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const folder = join(dataDir, 'mail');
  await mkdir(folder);
  const week = 7 * 24;
  const hoursOld = {
    'old.eml': week + 0.5,
    '.old.part': week + 0.5,
    'old.txt': week + 0.5,
    'nearly.eml': week - 0.5,
    'young.eml': week - 24,
  };
  for (const [name, hours] of Object.entries(hoursOld)) {
    const written = new Date(Date.now() - hours * HOUR);
    await writeFile(join(folder, name), '');
    await utimes(join(folder, name), written, written);
  }
  const names = async () => (await readdir(folder)).sort();

  const mailer = createMailer({ smtpUrl: undefined, from: MAIL_FROM, dataDir });
  onTestFinished(() => mailer.close());
  await expect.poll(names).toEqual(['nearly.eml', 'old.txt', 'young.eml']);
  vi.advanceTimersByTime(HOUR);
  await expect.poll(names).toEqual(['old.txt', 'young.eml']);
});
