import { randomBytes } from 'node:crypto';
import { chown, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../core/errors.js';
import { flush, makeWhole, sweep } from './partial-install.js';
import type { Place } from './place.js';
import { complaint, run } from './processes.js';

/** The role and the database that the application uses. */
export const NAME = 'dreamjar';

/** Makes the cluster unless it is there. Throws a StartError, or the file system's own error. */
export async function prepareCluster(place: Place, durable: boolean): Promise<void> {
  await sweep(place.folder);
  const major = await majorOf(place);
  if (major === undefined) return createCluster(place, durable);
  if (major === place.programs.major) return;
  throw new StartError(
    `The database in ${place.folder} was made by PostgreSQL ${major} and this is ${place.programs.major}: dump it with the old version and load it into a new DATA_DIR, or move the folder away to begin anew.`,
  );
}

/** The password that the cluster was made with. */
export async function passwordOf(place: Place): Promise<string> {
  return (await readFile(join(place.folder, 'password'), 'utf8')).trim();
}

async function createCluster(place: Place, durable: boolean): Promise<void> {
  try {
    await makeWhole(place.folder, async (making) => {
      const password = join(making, 'password');
      await writeFile(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
      if (place.account) {
        await chown(password, place.account.uid, place.account.gid);
        await chown(making, place.account.uid, place.account.gid);
      }
      await initdb(place, join(making, 'cluster'), password, durable);
      await flush(password);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    // Another first start was quicker; its cluster is as good as ours.
    if ((await majorOf(place)) !== undefined) return;
    throw new StartError(
      `The folder ${place.folder} holds no database and isn't empty: move it away, or set DATA_DIR to another folder.`,
    );
  }
}

async function initdb(place: Place, cluster: string, password: string, durable: boolean) {
  const { ok, output } = await run(place.account, join(place.programs.bin, 'initdb'), [
    ...['-D', cluster, '--username', NAME, '--pwfile', password, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--locale=C', '--lc-messages=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    ...(durable ? [] : ['--no-sync']),
  ]);
  if (ok) return;
  throw new StartError(
    `PostgreSQL could not make a database in ${place.folder} (${complaint(output)}): see that the disk has room and the folder can be written, or set DATA_DIR to another one.`,
  );
}

async function majorOf(place: Place): Promise<string | undefined> {
  try {
    return (await readFile(join(place.cluster, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
