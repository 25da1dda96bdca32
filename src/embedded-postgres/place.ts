import { createHash } from 'node:crypto';
import { access, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StartError } from '../core/errors.js';
import { accountForRoot, canEnter } from './account.js';
import { findPrograms, type Programs } from './programs.js';
import type { Account } from './processes.js';

/** Where an embedded database lives, and who runs it with which programs. */
export interface Place {
  /** The data folder as the person named it, for messages. */
  dataDir: string;
  /** Holds the cluster, its password and its log. */
  folder: string;
  cluster: string;
  account: Account | undefined;
  programs: Programs;
  notes: string[];
}

/** For what an unprivileged account can't reach where root has it. */
const SHARED = '/var/lib/dreamjar';

/** PostgreSQL cuts paths at 1023 bytes; its own files need some of them. */
const LONGEST_PATH = 900;

/**
 * Finds the place that belongs to a data folder, and makes the data folder itself.
 * Throws a StartError, or the file system's own error.
 */
export async function findPlace(dataDir: string): Promise<Place> {
  if (Buffer.byteLength(resolve(dataDir)) > LONGEST_PATH) {
    throw new StartError(
      `The path of the data folder is too long for PostgreSQL (over ${LONGEST_PATH} bytes): set DATA_DIR to a shorter one.`,
    );
  }
  await makeFolder(resolve(dataDir));
  const base = await realpath(dataDir);
  if (process.getuid?.() === 0) return placeForRoot(base);
  const programs = await findPrograms(undefined, base);
  return place(base, join(base, 'postgres'), undefined, programs, []);
}

async function placeForRoot(base: string): Promise<Place> {
  const here = join(base, 'postgres');
  const hash = createHash('sha256').update(base).digest('hex').slice(0, 12);
  const elsewhere = join(SHARED, hash);
  const account = await accountForRoot([here, elsewhere]);

  // Data that exists stays where it is, whatever has become of the modes of the folders above.
  const madeHere = await exists(here);
  const madeElsewhere = !madeHere && (await exists(elsewhere));
  const reachable = await canEnter(account, madeHere ? here : base);
  if (madeHere && !reachable) {
    throw new StartError(
      `The database in ${here} belongs to the account ${account.name}, which can't enter that folder: let it pass, move the folder, or set DATA_DIR to another one.`,
    );
  }
  const folder = madeElsewhere || !reachable ? elsewhere : here;
  const programs = await findPrograms(account, SHARED);
  const notes =
    folder === elsewhere
      ? [
          `PostgreSQL doesn't run as root, and the account ${account.name} can't enter ${base}: the database lives in ${elsewhere}.`,
        ]
      : [];
  if (programs.copied) notes.push(`PostgreSQL's programs were copied to ${programs.bin}.`);
  return place(base, folder, account, programs, notes);
}

function place(
  dataDir: string,
  folder: string,
  account: Account | undefined,
  programs: Programs,
  notes: string[],
): Place {
  return { dataDir, folder, cluster: join(folder, 'cluster'), account, programs, notes };
}

/** Not mkdir's own `recursive`: in Node that never ends below /proc, where nothing can be made. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || (await exists(dirname(path)))) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
