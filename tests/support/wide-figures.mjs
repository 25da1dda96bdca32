// Loaded into a program of dist/ before it starts, so that it refuses nothing for want of a quick machine.
import { DEFAULT_BOUNDS } from '../../dist/config/bounds.js';
import { SEARCH_BOUNDS } from '../../dist/database/searching.js';
import { DEFAULT_WAITS } from '../../dist/config/waits.js';
import { PATIENT_SEARCHES, ROOMY, widen } from './widen.mjs';

Object.assign(DEFAULT_BOUNDS, ROOMY);
Object.assign(SEARCH_BOUNDS, PATIENT_SEARCHES);

const { database } = DEFAULT_WAITS;
Object.assign(DEFAULT_WAITS, widen(DEFAULT_WAITS));
// For tests about a lock that is never given.
if (process.env.USUAL_DATABASE_WAITS) Object.assign(DEFAULT_WAITS, { database });
