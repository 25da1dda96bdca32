import { pick, type Ask } from '../traffic.js';
import { openAccount } from './accounts.js';
import { fillWithLargest } from './campaigns.js';
import type { Flood } from './flood.js';

/** All that an account may have, each as large as may be. */
const FULL = { children: 30, campaigns: 100, open: 20 };
const QUICK = { children: 2, campaigns: 3, open: 1 };

export const dashboards: Flood = {
  name: 'dashboards',
  title: 'One account with all that an account may have asks for all of it',
  prepare: async (world) => {
    const { id, access } = await openAccount(world);
    const { children } = await fillWithLargest(world, id, world.quick ? QUICK : FULL);
    const paths = [
      ...['/parents/me/', '/parents/me/children/?page_size=100'],
      ...children.map((child) => `/children/${child}/`),
      ...children.map((child) => `/children/${child}/campaigns/?page_size=100`),
      ...children.map((child) => `/children/${child}/statistics/`),
    ];
    const next = (): Ask => ({ method: 'GET', path: pick(paths), access, from: '192.0.2.2' });
    return { next, perMinute: 300 };
  },
};
