import { DEFAULT_BOUNDS } from '../../src/config/bounds.js';
import { DEFAULT_LIFETIMES } from '../../src/config/lifetimes.js';
import { DEFAULT_LIMITS, type LimitTable } from '../../src/config/limit-figures.js';
import { SEARCH_BOUNDS } from '../../src/database/searching.js';
import { DEFAULT_WAITS } from '../../src/config/waits.js';
import { PATIENT_SEARCHES, ROOMY, widen } from './widen.mjs';

/** For tests about a database that is away: short, and yet longer than a busy machine takes for a statement. */
export const SHORT_DATABASE = {
  ...DEFAULT_WAITS.database,
  connection: 3_000,
  lock: 5_000,
  statement: 6_000,
  answer: 6_500,
  transaction: 6_500,
};

/** For tests about a replica that is away. */
export const SHORT_REPLICA = {
  replica: { ...DEFAULT_WAITS.replica, connection: 3_000, statement: 3_000, answer: 3_500 },
  replicaRecovery: DEFAULT_WAITS.replicaRecovery,
};

/** For tests about changes that are not heard of. */
export const SHORT_LISTENING = { ...DEFAULT_WAITS.listening, answer: 3_000 };

/** Limits that allow nothing. */
export function usedUp(): LimitTable {
  const entries = Object.entries(DEFAULT_LIMITS).map(([name, { calls, rules }]) => {
    return [name, { calls, rules: rules.map((rule) => ({ ...rule, max: 0 })) }];
  });
  return Object.fromEntries(entries) as LimitTable;
}

/** The figures that tests run with: those that are about a wait or a bound set it themselves. */
export const FIGURES = {
  limits: DEFAULT_LIMITS,
  bounds: { ...DEFAULT_BOUNDS, ...ROOMY },
  waits: widen(DEFAULT_WAITS),
  search: { ...SEARCH_BOUNDS, ...PATIENT_SEARCHES },
  lifetimes: DEFAULT_LIFETIMES,
};
