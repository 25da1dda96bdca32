import { exported } from '../traffic.js';
import { openAccount } from './accounts.js';
import { addGifts, fillWithLargest } from './campaigns.js';
import type { Flood } from './flood.js';

/** Gifts of the campaign: 20 MB as a file. */
const USUAL = 150_000;
const QUICK = 50;

/** Bytes a second. */
const SPEED = 200_000;

export const csvReaders: Flood = {
  name: 'csv-readers',
  title: 'One account reads a large file slowly, many times at once',
  prepare: async (world) => {
    const { id, access } = await openAccount(world);
    const { campaigns } = await fillWithLargest(world, id, { children: 1, campaigns: 1, open: 1 });
    const campaign = campaigns[0]!;
    await addGifts(world, campaign, world.quick ? QUICK : USUAL);
    const next = () => ({ ...exported(campaign), access, from: '192.0.2.3', speed: SPEED });
    return { next, perMinute: 300 };
  },
};
