import { DEFAULT_BOUNDS } from '../../src/core/bounds.js';
import { DEFAULT_LIFETIMES } from '../../src/core/lifetimes.js';
import { DEFAULT_LIMITS, type LimitTable } from '../../src/core/limit-figures.js';
import { DEFAULT_WAITS, type Waits } from '../../src/core/waits.js';

const TWO_MINUTES = 120_000;

/** So long that no test meets them, however busy the machine: those that are about a wait set it themselves. */
export const LONG_WAITS = Object.fromEntries(
  Object.keys(DEFAULT_WAITS).map((name) => [name, TWO_MINUTES]),
) as Record<keyof Waits, number>;

/** Room for all that a test adds, sets or tries. */
const ROOMY = {
  children: 10_000,
  campaigns: 10_000,
  openCampaigns: 10_000,
  passwordsWaiting: 1_000,
  passwordsWaitingPerNetwork: 1_000,
};

/** Limits that allow nothing. */
export function usedUp(): LimitTable {
  const entries = Object.entries(DEFAULT_LIMITS).map(([name, { calls, rules }]) => {
    return [name, { calls, rules: rules.map((rule) => ({ ...rule, max: 0 })) }];
  });
  return Object.fromEntries(entries) as LimitTable;
}

/** The figures that tests run with. */
export const FIGURES = {
  limits: DEFAULT_LIMITS,
  bounds: { ...DEFAULT_BOUNDS, ...ROOMY },
  waits: LONG_WAITS,
  lifetimes: DEFAULT_LIFETIMES,
};
