import { readFile, stat } from 'node:fs/promises';
import { StartError } from '../core/errors.js';
import { run, type Account } from './processes.js';

/**
 * The account that PostgreSQL runs as for root: the owner of a database that is there already,
 * else `postgres`, else `nobody`. Throws a StartError when root can't become any of them.
 */
export async function accountForRoot(folders: string[]): Promise<Account> {
  const listed = await accounts();
  const account =
    (await ownerOf(folders)) ??
    listed.find(({ name, uid }) => name === 'postgres' && uid) ??
    listed.find(({ name, uid }) => name === 'nobody' && uid);
  if (account && (await run(account, '/bin/sh', ['-c', ':'])).ok) return account;
  throw new StartError(
    `PostgreSQL refuses to run as root, and root can't run it as ${account ? `the account ${account.name}` : 'an account "postgres" or "nobody"'} here: start as an ordinary user, or set DATABASE_URL.`,
  );
}

/** Whether the account may enter the folder, found out by entering it: modes don't tell of ACLs. */
export async function canEnter(account: Account, folder: string): Promise<boolean> {
  return (await run(account, '/bin/sh', ['-c', 'cd "$1"', 'sh', folder])).ok;
}

async function ownerOf(folders: string[]): Promise<Account | undefined> {
  for (const folder of folders) {
    const owner = await stat(folder).catch(() => undefined);
    if (!owner?.uid) continue;
    const { uid, gid } = owner;
    return (await accounts()).find((one) => one.uid === uid) ?? { name: `number ${uid}`, uid, gid };
  }
  return undefined;
}

async function accounts(): Promise<Account[]> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  return lines.map((line) => {
    const [name = '', , uid, gid] = line.split(':');
    return { name, uid: Number(uid), gid: Number(gid) };
  });
}
