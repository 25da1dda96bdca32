import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';
import type { Client, Settings } from '../../../context.js';
import { Refusal } from '../../../core/errors.js';
import { LONGEST_PASSWORD } from '../../../core/fields.js';
import { Queue, type Turn } from '../../../core/queue.js';

/**
 * bcrypt runs on the threads that files and name look-ups share, four by default, and each run fills a
 * core. One core stays with everything else, and two threads always do.
 */
const AT_ONCE = Math.min(2, Math.max(1, availableParallelism() - 1));

/** Seconds after which a refused client may try again. */
const RETRY_AFTER = 1;

const queue = new Queue(
  AT_ONCE,
  () => new Refusal('unavailable', 'Too many are signing in. Try again in a moment.', RETRY_AFTER),
);

/** What hashing and comparing need of the context. */
export interface PasswordContext {
  settings: Pick<Settings, 'bcryptCost' | 'bounds' | 'waits'>;
  client: Pick<Client, 'network' | 'isFamiliar'>;
}

/**
 * The bcrypt hash of a password. Runs off the event loop.
 * @throws Refusal `unavailable` when its turn does not come in time.
 */
export function hashPassword(ctx: PasswordContext, password: string): Promise<string> {
  const { bcryptCost, waits } = ctx.settings;
  return queue.run(turnOf(ctx, waits.hashPassword), () => bcrypt.hash(password, bcryptCost));
}

/**
 * Whether a password is the one that was hashed. Takes the same time when there is no hash, and when the
 * hash is of a lower cost than new ones are: an unknown account can't be told from a wrong password.
 * @throws Refusal `unavailable` when its turn does not come in time.
 */
export function isPassword(
  ctx: PasswordContext,
  password: string,
  hash: string | null,
): Promise<boolean> {
  const { bcryptCost: cost, waits } = ctx.settings;
  return queue.run(turnOf(ctx, waits.comparePassword), async () => {
    const matches = await bcrypt.compare(password, hash ?? unmatchable(cost));
    // Each cost takes twice as long as the one before: 2^c and these together are 2^cost.
    for (let rest = bcrypt.getRounds(hash ?? unmatchable(cost)); rest < cost; rest += 1) {
      await bcrypt.compare(password, unmatchable(rest));
    }
    return matches && hash !== null && Buffer.byteLength(password) <= LONGEST_PASSWORD;
  });
}

/** Networks take turns; who comes from where the account signed in lately goes first. */
function turnOf({ settings: { bounds }, client }: PasswordContext, longestWait: number): Turn {
  return {
    lane: client.network,
    isFirst: client.isFamiliar === true,
    longestWait,
    mostWaiting: bounds.passwordsWaiting,
    mostWaitingPerLane: bounds.passwordsWaitingPerNetwork,
  };
}

/** Whether a hash is of another cost than new ones are. */
export function isOfAnotherCost(hash: string, cost: number): boolean {
  return bcrypt.getRounds(hash) !== cost;
}

/** What is stored where a password no longer works and another has not been set yet: nobody knows one for it. */
export function unknownPassword(cost: number): string {
  return unmatchable(cost);
}

/** A well-formed hash that no password is known to have. */
function unmatchable(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
}
