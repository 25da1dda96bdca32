import type pg from 'pg';
import { CAMPAIGN_COLUMNS } from './campaigns.js';
import { CHILD_COLUMNS } from './children.js';
import {
  DONATION_COLUMNS,
  makeDonations,
  type DonationRow,
  type Donors,
  type GivenTo,
} from './donations.js';
import { planGifts } from './gift-plan.js';
import { insertRows } from './insert.js';
import { PARENT_COLUMNS } from './parents.js';
import type { World } from './world.js';

const ROWS_PER_STATEMENT = 10_000;

/**
 * Gifts that are brought together before they are given. Each statement moves the totals of the campaigns it gives
 * to, and in a large run those would be nearly all of them each time.
 */
const GIFTS_AT_ONCE = 500_000;

const BRING_TOGETHER = `
  CREATE TEMPORARY TABLE gifts (id serial, ${typed(DONATION_COLUMNS)}) ON COMMIT DROP`;

const GIVE = `
  INSERT INTO donations (${named(DONATION_COLUMNS)}) SELECT ${named(DONATION_COLUMNS)} FROM gifts ORDER BY id;
  TRUNCATE gifts`;

/** The donor's name when a parent's account has none, as for one who gives through the API. */
const NAMELESS = 'A friend';

/** Whoever waits for a run. */
export interface Watcher {
  /** Told how many donations are stored so far. */
  onProgress?: ((donations: number) => void) | undefined;
  /** Ends the run: no further statement is sent, and the one that would be throws. */
  signal?: AbortSignal | undefined;
}

/** Stores the world and its donations, all by this connection: each after what it points at. */
export async function storeWorld(
  client: pg.Client,
  world: World,
  donations: number,
  watcher: Watcher,
): Promise<void> {
  const { seed, parents, children, campaigns } = world;
  const parentIds = await insertRows(client, 'parents', PARENT_COLUMNS, parents);
  const childRows = children.map(({ row, parent }) => ({ ...row, parent_id: parentIds[parent]! }));
  const childIds = await insertRows(client, 'children', CHILD_COLUMNS, childRows);
  const rows = campaigns.map(({ row, child }) => ({ ...row, child_id: childIds[child]! }));
  const campaignIds = await insertRows(client, 'campaigns', CAMPAIGN_COLUMNS, rows);

  const plan = planGifts(seed, donations, campaigns, world.today);
  const [givenTo, donors] = [givenToOf(world, campaignIds), donorsOf(world, parentIds)];
  const batches = makeDonations(seed, plan, givenTo, donors, ROWS_PER_STATEMENT);
  await storeDonations(client, batches, watcher);
}

function givenToOf({ children, campaigns }: World, ids: number[]): GivenTo[] {
  return campaigns.map(({ child }, index) => {
    const { row, parent } = children[child]!;
    return { id: ids[index]!, childName: row.first_name, parent };
  });
}

function donorsOf({ parents, joined, guests }: World, ids: number[]): Donors {
  const named = parents.map(({ first_name: name }, index) => ({
    id: ids[index]!,
    name: name || NAMELESS,
  }));
  return { parents: named, joined, guests };
}

/** While PostgreSQL stores one batch, the next is made. */
async function storeDonations(
  client: pg.Client,
  batches: Iterable<DonationRow[]>,
  { onProgress, signal }: Watcher,
): Promise<void> {
  await client.query(BRING_TOGETHER);
  let stored = 0;
  let together = 0;
  let storing = Promise.resolve(0);
  const stand = async () => {
    const more = await storing;
    stored += more;
    together += more;
    if (stored > 0) onProgress?.(stored);
    signal?.throwIfAborted();
  };
  for (const batch of batches) {
    await stand();
    if (together >= GIFTS_AT_ONCE) {
      await client.query(GIVE);
      together = 0;
    }
    storing = insertRows(client, 'gifts', DONATION_COLUMNS, batch).then((ids) => ids.length);
  }
  await stand();
  await client.query(GIVE);
}

function named(columns: object): string {
  return Object.keys(columns).join(', ');
}

function typed(columns: Record<string, string>): string {
  return Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ');
}
