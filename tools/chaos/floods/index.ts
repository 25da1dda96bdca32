import { campaignMakers } from './campaign-makers.js';
import { csvReaders } from './csv-readers.js';
import { dashboards } from './dashboards.js';
import type { Flood } from './flood.js';
import { mailMakers } from './mail-makers.js';
import { search } from './search.js';
import { signIns } from './sign-ins.js';

/** All floods, in the order in which they are tried: each adds to what the next finds. */
export const FLOODS: Flood[] = [
  search,
  dashboards,
  csvReaders,
  campaignMakers,
  signIns,
  mailMakers,
];
