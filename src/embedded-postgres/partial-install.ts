import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './processes.js';

/** Nobody works on one folder for so long. */
const ABANDONED = 10 * 60_000;

/**
 * Fills a folder beside the target and renames it when it is whole: a power cut leaves no half.
 * Throws ENOTEMPTY when another was quicker, or whatever `fill` throws.
 */
export async function makeWhole(
  target: string,
  fill: (making: string) => Promise<void>,
): Promise<void> {
  await makeParent(target);
  const making = `${target}.making-${process.pid}-${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(making, { mode: 0o700 });
    await fill(making);
    await rename(making, target);
    await flush(dirname(target));
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** Makes sure that a file, or the names in a folder, are on the disk. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}

/** For any account to pass, whatever our umask; one that is there keeps its mode. */
async function makeParent(target: string): Promise<void> {
  if (await mkdir(dirname(target), { recursive: true })) await chmod(dirname(target), 0o755);
}

/** Throws away what those who were cut short have left beside the target. */
export async function sweep(target: string): Promise<void> {
  const prefix = `${basename(target)}.making-`;
  for (const name of await readdir(dirname(target)).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(dirname(target), name);
    const maker = Number.parseInt(name.slice(prefix.length), 10);
    const changed = await stat(folder).then(({ mtimeMs }) => mtimeMs, Date.now);
    if (isAlive(maker) && Date.now() - changed < ABANDONED) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
