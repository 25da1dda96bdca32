import type pg from 'pg';
import { CAMPAIGN_COLUMNS } from './campaigns.js';
import { CHILD_COLUMNS } from './children.js';
import { makeDonations, type Donors, type GivenTo } from './donations.js';
import { planGifts } from './gift-plan.js';
import { storeGifts, type Watcher } from './gift-store.js';
import { insertRows } from './insert.js';
import { PARENT_COLUMNS } from './parents.js';
import type { World } from './world.js';

const ROWS_PER_STATEMENT = 10_000;

/** The donor's name when a parent's account has none, as for one who gives through the API. */
const NAMELESS = 'A friend';

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
  await storeGifts(client, batches, watcher);
}

function givenToOf({ children, campaigns }: World, ids: number[]): GivenTo[] {
  return campaigns.map(({ child }, index) => {
    const { row, parent } = children[child]!;
    return { id: ids[index]!, childName: row.public_name, parent };
  });
}

function donorsOf({ parents, joined, guests }: World, ids: number[]): Donors {
  const named = parents.map(({ first_name: name }, index) => ({
    id: ids[index]!,
    name: name || NAMELESS,
  }));
  return { parents: named, joined, guests };
}
