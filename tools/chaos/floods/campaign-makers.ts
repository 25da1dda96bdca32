import { randomInt } from 'node:crypto';
import { inTurn, pick, type Ask } from '../traffic.js';
import { openAccount } from './accounts.js';
import { fillWithLargest } from './campaigns.js';
import type { Flood } from './flood.js';

const CHILDREN = 30;

/** Where the letters begin that take four bytes and are no marks. */
const FIRST_LETTER = 0x20000;

export const campaignMakers: Flood = {
  name: 'campaign-makers',
  title: 'One account opens and rewrites the largest campaigns',
  prepare: async (world) => {
    const { id, access } = await openAccount(world);
    const amounts = { children: CHILDREN, campaigns: 1, open: 1 };
    const { children, campaigns } = await fillWithLargest(world, id, amounts);
    const asked = { access, from: '192.0.2.4' };
    const open = (): Ask => ({
      ...{ method: 'POST', path: `/children/${pick(children)}/campaigns/`, ...asked },
      body: { title: 'A violin', description: longest(), goal: 400, category: 'hobbies' },
    });
    const rewrite = (): Ask => ({
      ...{ method: 'PATCH', path: `/campaigns/${pick(campaigns)}/`, ...asked },
      body: { description: longest() },
    });
    return { next: inTurn([open, rewrite]), perMinute: 60 };
  },
};

/** 40 kB, in which hardly two letters follow each other twice. */
function longest(): string {
  const letters = Array.from({ length: 10_000 }, () => FIRST_LETTER + randomInt(40_000));
  return String.fromCodePoint(...letters);
}
