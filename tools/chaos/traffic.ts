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
  /** What else is sent. */
  body?: object;
  /** The client's address, as a proxy tells it. */
  from?: string;
  /** Bytes a second that the answer is read at; default: as fast as it comes. */
  speed?: number;
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

/** A visitor's request, as most people make it: to look around. */
export function lookingAround(campaigns: number[]): Ask {
  return pick([browse, detail, gifts])(pick(campaigns));
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

/** A guest's gift of a few dollars. */
export function give(campaign: number): Ask {
  return giving({ key: randomUUID(), campaign, amount: randomInt(1, 100) });
}

/** What a parent sees first. */
export function dashboard(): Ask {
  return { method: 'GET', path: '/parents/me/' };
}

function rename(campaign: number): Ask {
  const body = { title: `A violin, ${randomUUID()}` };
  return { method: 'PATCH', path: `/campaigns/${campaign}/`, body };
}

/** A campaign's gifts as a file. */
export function exported(campaign: number): Ask {
  return { method: 'GET', path: `/campaigns/${campaign}/donations.csv` };
}

/** One of them, by chance. */
export function pick<T>(items: T[]): T {
  return items[randomInt(items.length)]!;
}

/** Each of them in turn, over and over. */
export function inTurn(asks: (() => Ask)[]): () => Ask {
  let asked = 0;
  return () => asks[asked++ % asks.length]!();
}
