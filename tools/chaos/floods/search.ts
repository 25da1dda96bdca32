import { randomInt } from 'node:crypto';
import { openAccount } from './accounts.js';
import { addSearched } from './campaigns.js';
import type { Flood } from './flood.js';

/** Campaigns to be searched through. */
const USUAL = 4_000;
const QUICK = 20;

/** As many words as are taken, each in many campaigns, all of them in hardly one: no list is short, and no page full. */
function worstQuery(): string {
  return Array.from({ length: 8 }, () => randomInt(16, 256).toString(16)).join('+');
}

export const search: Flood = {
  name: 'search',
  title: 'One client searches for what is dear to find',
  prepare: async (world) => {
    const { id } = await openAccount(world);
    await addSearched(world, id, world.quick ? QUICK : USUAL);
    const ask = () => ({
      ...{ method: 'GET', path: `/campaigns/?page_size=100&q=${worstQuery()}` },
      from: '192.0.2.1',
    });
    return { next: ask, perMinute: 60 };
  },
};
