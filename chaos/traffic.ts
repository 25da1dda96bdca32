import { randomInt, randomUUID } from 'node:crypto';

/** A gift of a guest. Its key is its comment too, so that the database can be asked for it. */
export interface Gift {
  key: string;
  campaign: number;
  amount: number;
}

/** A parent who is signed in, and the own campaigns. */
export interface Owner {
  access: string;
  campaigns: number[];
}

/** A request to be made. */
export interface Ask {
  method: string;
  path: string;
  /** The token of who asks, if a parent does. */
  access?: string;
  gift?: Gift;
  /** The fields of a change. */
  change?: { title: string };
}

/** Of ten requests: three browse, three look at a campaign, two at its gifts, and two give. */
const MIX = [browse, browse, browse, detail, detail, detail, gifts, gifts, give, give];

/** What an owner does: looks at the dashboard, changes a title, and takes the gifts away. */
const OWNERS_MIX = [dashboard, rename, exported];

/** The share of an owner's requests, if there is an owner. */
const OWNERS_SHARE = 0.15;

/** Requests as people make them, without an end. */
export function trafficOn(campaigns: number[], owner?: Owner): () => Ask {
  return () => {
    if (!owner || Math.random() >= OWNERS_SHARE) return pick(MIX)(pick(campaigns));
    return { ...pick(OWNERS_MIX)(pick(owner.campaigns)), access: owner.access };
  };
}

/** The request that gives. */
export function giving(gift: Gift): Ask {
  return { method: 'POST', path: `/campaigns/${gift.campaign}/donations/`, gift };
}

function browse(): Ask {
  const sort = pick(['newest', 'most_funded', 'closest_to_goal', 'ending_soon']);
  return { method: 'GET', path: `/campaigns/?page_size=20&sort=${sort}` };
}

function detail(campaign: number): Ask {
  return { method: 'GET', path: `/campaigns/${campaign}/` };
}

function gifts(campaign: number): Ask {
  return { method: 'GET', path: `/campaigns/${campaign}/donations/?page_size=20` };
}

function give(campaign: number): Ask {
  return giving({ key: randomUUID(), campaign, amount: randomInt(1, 100) });
}

function dashboard(): Ask {
  return { method: 'GET', path: '/parents/me/' };
}

function rename(campaign: number): Ask {
  const change = { title: `A violin, ${randomUUID()}` };
  return { method: 'PATCH', path: `/campaigns/${campaign}/`, change };
}

function exported(campaign: number): Ask {
  return { method: 'GET', path: `/campaigns/${campaign}/donations.csv` };
}

function pick<T>(items: T[]): T {
  return items[randomInt(items.length)]!;
}
