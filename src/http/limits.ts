import { createHmac } from 'node:crypto';
import { RateLimiterRes, type RateLimiterPostgres } from 'rate-limiter-flexible';
import type { Database } from '../core/database.js';
import { Refusal, type ErrorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { countersIn } from './limit-counters.js';
import { FAMILIAR, LIMITS, type LimitName, type LimitRule, type Per } from './limit-figures.js';
import { networkOf } from './network.js';

/** Who makes a request, as far as limits are concerned. */
export interface Caller {
  address: string;
  /** Null for a visitor. */
  parentId: number | null;
  /** The fields of the body that are well-formed. */
  fields: Record<string, unknown>;
}

/** The limits of all endpoints. */
export interface Limits {
  /**
   * Does the work of an endpoint within its limit.
   * @throws Refusal `throttled` with the seconds to wait, and what the work throws.
   */
  within<Result>(name: LimitName, caller: Caller, work: () => Promise<Result>): Promise<Result>;
}

/** A request that was counted, and counts only if it ends with this refusal. */
interface Provisional {
  counter: RateLimiterPostgres;
  key: string;
  ending: ErrorCode;
}

/** No limits at all: for load tests on a desk. */
export const noLimits: Limits = { within: (_name, _caller, work) => work() };

/** Limits that hold across processes. No key in the table tells whom it counts for. */
export function createLimits(deps: { db: Database; log: Logger; jwtSecret: string }): Limits {
  const counterOf = countersIn(deps.db, deps.log);
  const familiar = counterOf('familiar', { max: 1, seconds: FAMILIAR });
  const counters = new Map<LimitRule, RateLimiterPostgres>();
  for (const [name, list] of Object.entries(LIMITS)) {
    list.forEach((rule, index) => counters.set(rule, counterOf(`${name}-${index}`, rule)));
  }
  const keySecret = createHmac('sha256', deps.jwtSecret).update('keys of limits').digest();
  const keyOf = (parts: (string | number)[]) =>
    createHmac('sha256', keySecret).update(JSON.stringify(parts)).digest('base64url');

  /** The key to count under; undefined where the rule doesn't apply. */
  async function keyFor(rule: LimitRule, caller: Caller): Promise<string | undefined> {
    if (rule.giving !== undefined && !caller.fields[rule.giving]) return undefined;
    const parts = await Promise.all(rule.per.map((per) => partFor(per, caller)));
    return parts.every((part) => part !== undefined) ? keyOf(parts) : undefined;
  }

  async function partFor(per: Per, caller: Caller): Promise<string | number | undefined> {
    const address = networkOf(caller.address);
    switch (per) {
      case 'address':
        return address;
      case 'account':
        return accountOf(caller);
      case 'parent':
        return caller.parentId ?? undefined;
      case 'familiar address':
        return (await familiar.get(keyOf([accountOf(caller) ?? '', address]))) ? address : '';
    }
  }

  async function remember(caller: Caller): Promise<void> {
    const key = keyOf([accountOf(caller) ?? '', networkOf(caller.address)]);
    await familiar.set(key, 1, FAMILIAR);
  }

  /** Counts a request under all rules of a limit, and gives those that may turn out not to count it. */
  async function count(name: LimitName, caller: Caller): Promise<Provisional[]> {
    const provisional: Provisional[] = [];
    for (const rule of LIMITS[name]) {
      const key = await keyFor(rule, caller);
      if (key === undefined) continue;
      const counter = counters.get(rule)!;
      await counter.consume(key).catch(refuse);
      if (rule.counting) provisional.push({ counter, key, ending: rule.counting });
    }
    return provisional;
  }

  return {
    // Counted before the work and not after it: of a hundred guesses at once, all would pass.
    within: async (name, caller, work) => {
      const provisional = await count(name, caller);
      const result = await work().catch(async (error: unknown) => {
        await giveBack(provisional.filter(({ ending }) => ending !== codeOf(error)));
        throw error;
      });
      await giveBack(provisional);
      if (LIMITS[name].some(({ per }) => per.includes('familiar address'))) await remember(caller);
      return result;
    },
  };
}

async function giveBack(counts: Provisional[]): Promise<void> {
  for (const { counter, key } of counts) await counter.reward(key);
}

/**
 * The email that names an account, in one case: as PostgreSQL's lower() does it, each code point by
 * itself. Otherwise an address written with `İ` would be the same account and another count.
 */
function accountOf({ fields }: Caller): string | undefined {
  const { email } = fields;
  if (typeof email !== 'string') return undefined;
  return Array.from(email, (char) => String.fromCodePoint(char.toLowerCase().codePointAt(0)!)).join(
    '',
  );
}

/** The library rejects with the state of the count when it is over, and else with an error. */
function refuse(cause: unknown): never {
  if (!(cause instanceof RateLimiterRes)) throw cause;
  const seconds = Math.max(1, Math.ceil(cause.msBeforeNext / 1000));
  throw new Refusal('throttled', 'Too many requests. Try again later.', seconds);
}

function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof Refusal ? error.code : undefined;
}
