import { startOfDay } from './calendar.js';
import { makeCampaigns, type Campaign } from './campaigns.js';
import { makeChildren, type Child } from './children.js';
import { makeGuests, type Guest } from './guests.js';
import { nameBook } from './names.js';
import { joiningTimes, makeParents, type ParentRow } from './parents.js';

/** How much a run makes. */
export interface SeedSize {
  parents: number;
  campaigns: number;
  donations: number;
}

/** All that is made before the donations, which are too many to hold. */
export interface World {
  seed: number;
  /** The start of the UTC day from which all dates are counted, in milliseconds. */
  today: number;
  parents: ParentRow[];
  /** When each parent joined, in rising order. */
  joined: number[];
  children: Child[];
  campaigns: Campaign[];
  guests: Guest[];
}

/** The families, their campaigns and the guests of a seed: the same for the same seed, size and day. */
export function makeWorld(seed: number, size: SeedSize, now: Date, passwordHash: string): World {
  const today = startOfDay(now);
  const drawName = nameBook(seed);
  const joined = joiningTimes(seed, size.parents, today);
  const parents = makeParents(seed, joined, passwordHash, drawName);
  const children = makeChildren(seed, parents, today, drawName);
  const campaigns = makeCampaigns(seed, size.campaigns, children, joined, today);
  return {
    seed,
    today,
    parents,
    joined,
    children,
    campaigns,
    guests: makeGuests(seed, drawName),
  };
}
