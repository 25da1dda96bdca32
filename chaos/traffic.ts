import { randomInt, randomUUID } from 'node:crypto';

/** A gift of a guest. Its key is its comment too, so that the database can be asked for it. */
export interface Gift {
  key: string;
  campaign: number;
  amount: number;
}

/** A request to be made. */
export interface Ask {
  method: string;
  path: string;
  gift?: Gift;
}

/** Of ten requests: three browse, three look at a campaign, two at its gifts, and two give. */
const MIX = [browse, browse, browse, detail, detail, detail, gifts, gifts, give, give];

/** Requests as people make them, without an end. */
export function trafficOn(campaigns: number[]): () => Ask {
  return () => pick(MIX)(pick(campaigns));
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

function pick<T>(items: T[]): T {
  return items[randomInt(items.length)]!;
}
