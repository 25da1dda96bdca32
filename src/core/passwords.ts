import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';
import { Refusal } from './errors.js';
import { Queue } from './queue.js';

/** Bytes that bcrypt looks at; it ignores the rest, so no longer password is ever set. */
export const LONGEST_PASSWORD = 72;

/**
 * bcrypt runs on the threads that files and name look-ups share, four by default, and each run fills a
 * core. One core stays with everything else, and two threads always do.
 */
const AT_ONCE = Math.min(2, Math.max(1, availableParallelism() - 1));

/**
 * Milliseconds: who can't begin by then is refused, however slow the machine or high the cost. Who sets a
 * password has been let in already and may wait longer than who tries one.
 */
const LONGEST_WAIT = { toCompare: 700, toHash: 5_000 };

const MOST_WAITING = 100;

/** Seconds after which a refused client may try again. */
const RETRY_AFTER = 1;

const queue = new Queue({
  atOnce: AT_ONCE,
  mostWaiting: MOST_WAITING,
  refusal: () =>
    new Refusal('unavailable', 'Too many are signing in. Try again in a moment.', RETRY_AFTER),
});

/**
 * The bcrypt hash of a password, `cost` rounds as a power of two. Runs off the event loop.
 * @throws Refusal `unavailable` when too many wait already.
 */
export function hashPassword(password: string, cost: number): Promise<string> {
  return queue.run(LONGEST_WAIT.toHash, () => bcrypt.hash(password, cost));
}

/**
 * Whether a password is the one that was hashed. Takes the same time when there is no hash, and when the
 * hash is of a lower cost than new ones are: an unknown account can't be told from a wrong password.
 * @throws Refusal `unavailable` when too many wait already.
 */
export function isPassword(password: string, hash: string | null, cost: number): Promise<boolean> {
  return queue.run(LONGEST_WAIT.toCompare, async () => {
    const matches = await bcrypt.compare(password, hash ?? unmatchable(cost));
    // Each cost takes twice as long as the one before: 2^c and these together are 2^cost.
    for (let rest = bcrypt.getRounds(hash ?? unmatchable(cost)); rest < cost; rest += 1) {
      await bcrypt.compare(password, unmatchable(rest));
    }
    return matches && hash !== null && Buffer.byteLength(password) <= LONGEST_PASSWORD;
  });
}

/** Whether a hash is of another cost than new ones are. */
export function isOfAnotherCost(hash: string, cost: number): boolean {
  return bcrypt.getRounds(hash) !== cost;
}

/** A well-formed hash that no password is known to have. */
function unmatchable(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
}
