import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../core/errors.js';
import type { Link } from './connect.js';
import { reach, type Launch } from './launch.js';
import type { Place } from './place.js';

/** The owner is one server; guests are short programs beside it. */
export type Role = 'owner' | 'guest';

/** Advisory locks live as long as their session: no file or pid to go stale. */
const OWNER = '1685221233, 1';
const GUESTS = '1685221233, 2';

/** How long to wait for one that is just leaving. */
const PATIENCE = 1_000;

/** A link that holds the role's lock. Throws a StartError when another owner lives. */
export async function enter(place: Place, role: Role, how: Launch): Promise<Link> {
  for (const end = Date.now() + PATIENCE; ; await sleep(100)) {
    const link = await reach(place, how);
    if (await claim(link, role)) return link;
    await link.client.end().catch(() => undefined);
    if (Date.now() > end) {
      throw new StartError(
        `The database in ${place.dataDir} is in use by another DreamJar: stop that one, or set DATA_DIR to another folder.`,
      );
    }
  }
}

/** Takes the role's lock; false when another has it or the link broke. */
export function claim(link: Link, role: Role): Promise<boolean> {
  return tryLock(
    link,
    role === 'owner' ? `pg_try_advisory_lock(${OWNER})` : `pg_try_advisory_lock_shared(${GUESTS})`,
  );
}

/** Whether this guest is the last one there; from then on nobody else comes in. */
export function isLast(link: Link): Promise<boolean> {
  return tryLock(link, `pg_try_advisory_lock(${OWNER}) AND pg_try_advisory_lock(${GUESTS})`);
}

async function tryLock(link: Link, lock: string): Promise<boolean> {
  try {
    const { rows } = await link.client.query<{ taken: boolean }>(`SELECT ${lock} AS taken`);
    return rows[0]?.taken === true;
  } catch {
    return false;
  }
}
