import bcrypt from 'bcrypt';
import { isDatabaseAway, violatedConstraint } from '../../src/core/database-errors.js';
import { StartError } from '../../src/core/errors.js';
import { connectTo } from '../../src/database/fitness.js';
import type { Watcher } from './gift-store.js';
import { demoEmail } from './parents.js';
import { storeWorld } from './store.js';
import { makeWorld, type SeedSize } from './world.js';

/** The password of every demo parent: no secret, which is why it never gets into production. */
const DEMO_PASSWORD = 'dreamjar-demo';

export interface SeedRequest extends Watcher {
  /** The same seed makes the same data on the same day. */
  seed: number;
  size: SeedSize;
  now: Date;
  bcryptCost: number;
  production: boolean;
}

/** What a run has made. */
export interface Seeded extends SeedSize {
  seed: number;
  children: number;
  /** A login that works. */
  email: string;
  password: string;
}

/**
 * Fills a migrated database with demo data, in one transaction: all of it or nothing.
 * @throws StartError in production, when the data of this seed is there already, and when the database
 * goes away.
 */
export async function seedDatabase(url: string, request: SeedRequest): Promise<Seeded> {
  refuseProduction(request.production);
  const { seed, size, now } = request;
  const passwordHash = await bcrypt.hash(DEMO_PASSWORD, request.bcryptCost);
  const world = makeWorld(seed, size, now, passwordHash);
  const client = await connectTo(url);
  try {
    await client.query('BEGIN');
    await storeWorld(client, world, size.donations, request);
    request.signal?.throwIfAborted();
    await client.query('COMMIT');
    await client.query('VACUUM (ANALYZE) parents, children, campaigns, campaign_search, donations');
  } catch (error) {
    throw explain(error, seed);
  } finally {
    await client.end();
  }
  const children = world.children.length;
  return { ...size, seed, children, email: demoEmail(seed), password: DEMO_PASSWORD };
}

/** @throws StartError in production: anybody could sign in as a demo parent. */
export function refuseProduction(production: boolean): void {
  if (!production) return;
  throw new StartError('Demo data is not for production: its login has a password that all know.');
}

/** A sentence for what may well happen; anything else as it is. */
function explain(error: unknown, seed: number): unknown {
  const constraint = violatedConstraint(error);
  if (constraint === 'parents_email_unique' || constraint === 'parents_username_unique') {
    return new StartError(
      `The demo parents of seed ${seed} (${demoEmail(seed)} and others) are in this database already: ` +
        `nothing was added; give another seed, such as --seed ${seed + 1}.`,
      { cause: error },
    );
  }
  if (!isDatabaseAway(error)) return error;
  return new StartError('The database went away before all was stored: nothing was added.', {
    cause: error,
  });
}
