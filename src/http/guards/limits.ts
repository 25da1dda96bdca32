import { createHmac } from 'node:crypto';
import type { Settings } from '../../context.js';
import type { Database } from '../../database/client.js';
import { InvalidInput, Refusal, type ErrorCode, type Guess } from '../../core/errors.js';
import { FAMILIAR, SITE_MULTIPLE } from '../../config/limit-figures.js';
import type { LimitName, LimitRule, LimitTable, Per } from '../../config/limit-figures.js';
import type { Logger } from '../../observability/logger.js';
import { counterInMemory, countersIn, type Counter } from './limit-counters.js';
import type { Caller, Client, Key, Standing } from './limit-callers.js';
import { namesTooManyMailboxes } from './limit-mailboxes.js';
import { networkOf, type Network } from './network.js';

/** The limits of all endpoints. */
export interface Limits {
  /** @throws Refusal `throttled` when a client is known to be over a limit: nothing is counted, nobody is asked. */
  refuseKnown(names: LimitName[], client: Client): void;
  /** Counts a visitor's request under the rules that need nothing but the client's address. @throws `throttled` */
  countClient(names: LimitName[], client: Client): void | Promise<void>;
  /**
   * Does the work of an endpoint within its limits. `isClientCounted`: `countClient` was called for this request.
   * @throws Refusal `throttled` with the seconds to wait, and what the work throws.
   */
  within<Result>(
    names: LimitName[],
    caller: Caller,
    isClientCounted: boolean,
    work: (standing: Standing) => Promise<Result>,
  ): Promise<Result>;
}

/** A request that was counted, and counts only if it ends with this refusal. */
interface Provisional {
  counter: Counter;
  key: string;
  ending: ErrorCode | Guess;
}

/** The counters of a rule: of single networks, and of the /48 sites that they are in. */
interface Counters {
  network: Counter;
  site: Counter;
}

/** No limits at all: for load tests on a desk. */
export const noLimits: Limits = {
  refuseKnown: () => undefined,
  countClient: () => undefined,
  within: (_names, _caller, _isCounted, work) => work({ isFamiliar: false, namesTooMany: false }),
};

/** What limits stand on. */
export interface LimitDependencies {
  db: Database;
  log: Logger;
  settings: Pick<Settings, 'jwtSecret' | 'limits' | 'payments' | 'waits'>;
}

/** Limits that hold across processes. No key in the table shows whom it counts for. */
export function createLimits({ db, log, settings }: LimitDependencies): Limits {
  const { jwtSecret, limits, payments, waits } = settings;
  const stored = countersIn(db, log, waits);
  const familiar = stored.marks('familiar', FAMILIAR);
  const counters = countersOf(limits, (name, rule, max) =>
    rule.kept === 'in memory'
      ? counterInMemory({ ...rule, max })
      : stored.counter(name, { ...rule, max }, { isFinal: rule.counting === undefined }),
  );
  const keySecret = createHmac('sha256', jwtSecret).update('keys of limits').digest();
  const keyOf: Key = (parts) =>
    createHmac('sha256', keySecret).update(JSON.stringify(parts)).digest('base64url');
  const rulesOf = (names: LimitName[]): LimitRule[] => names.flatMap((name) => limits[name].rules);
  const familiarKey = (caller: Caller, { client }: Network) =>
    keyOf([accountOf(caller) ?? '', client]);

  /** Where a request is counted under a rule; nowhere, if the rule doesn't apply to it. */
  function places(rule: LimitRule, caller: Caller, network: Network, familiarHere: boolean) {
    if (rule.giving && !rule.giving.some((field) => caller.fields[field])) return [];
    if (rule.asking !== undefined && (caller.query[rule.asking] ?? '') === '') return [];
    if (rule.of === 'visitors' && caller.parent) return [];
    if (rule.of === 'strangers' && familiarHere) return [];
    const key = (client: string) => {
      const parts = rule.per.map((per) => partFor(per, caller, familiarHere ? client : '', client));
      return parts.every((part) => part !== undefined) ? keyOf(parts) : undefined;
    };
    const { network: single, site } = counters.get(rule)!;
    const isBySite = rule.per.includes('client address') && network.site !== undefined;
    return [
      { counter: single, key: key(network.client) },
      ...(isBySite ? [{ counter: site, key: key(network.site!) }] : []),
    ].filter((place): place is { counter: Counter; key: string } => place.key !== undefined);
  }

  function clientPlaces(names: LimitName[], client: Client) {
    const network = networkOf(client.address);
    const visitor = { ...client, parent: null, fields: {} };
    const rules = rulesOf(names).filter(needsOnlyTheClient);
    return rules.flatMap((rule) => places(rule, visitor, network, false));
  }

  return {
    refuseKnown: (names, client) => {
      for (const { counter, key } of clientPlaces(names, client)) refuse(counter.knownOver(key));
    },
    countClient: (names, client) => countAll(clientPlaces(names, client)),

    // Counted before the work and not after it: of a hundred guesses at once, all would pass.
    within: async (names, caller, isClientCounted, work) => {
      const network = networkOf(caller.address);
      const all = rulesOf(names).filter((rule) => !isClientCounted || !needsOnlyTheClient(rule));
      const rules = all.filter(({ mailboxes }) => !mailboxes);
      const asksFamiliar = rules.some(needsFamiliarity);
      const standing = { isFamiliar: false, namesTooMany: false };
      const provisional: Provisional[] = [];
      try {
        for (const [at, rule] of rules.entries()) {
          // Asked as late as may be: who is over another limit already costs less.
          if (at === rules.findIndex(needsFamiliarity)) {
            standing.isFamiliar = await familiar.has(familiarKey(caller, network));
          }
          for (const place of places(rule, caller, network, standing.isFamiliar)) {
            refuse(place.counter.knownOver(place.key) || (await place.counter.consume(place.key)));
            if (rule.counting) provisional.push({ ...place, ending: rule.counting });
          }
        }
        // Donors who have paid get their receipt in any case.
        const about = payments === 'stripe' ? [] : all.filter(({ mailboxes }) => mailboxes);
        const counting = { db, keyOf, longest: waits.count };
        standing.namesTooMany = await namesTooManyMailboxes(counting, about, caller, network);
        const result = await work(standing);
        await giveBack(provisional);
        if (asksFamiliar) await familiar.add(familiarKey(caller, network));
        return result;
      } catch (error) {
        await giveBack(provisional.filter(({ ending }) => ending !== codeOf(error)));
        throw error;
      }
    },
  };
}

function countersOf(
  limits: LimitTable,
  counterFor: (name: string, rule: LimitRule, max: number) => Counter,
): Map<LimitRule, Counters> {
  const counters = new Map<LimitRule, Counters>();
  for (const [name, { rules }] of Object.entries(limits)) {
    rules.forEach((rule, index) => {
      const network = counterFor(`${name}-${index}`, rule, rule.max);
      const site = counterFor(`${name}-${index}`, rule, rule.max * SITE_MULTIPLE);
      counters.set(rule, { network, site });
    });
  }
  return counters;
}

function needsOnlyTheClient({ per, giving, counting, mailboxes }: LimitRule): boolean {
  const needsMore = giving ?? counting ?? mailboxes;
  return per.length === 1 && per[0] === 'client address' && !needsMore;
}

function needsFamiliarity({ per, of }: LimitRule): boolean {
  return of === 'strangers' || per.includes('familiar client address');
}

function partFor(
  per: Per,
  caller: Caller,
  familiarClient: string,
  client: string,
): string | number | undefined {
  switch (per) {
    case 'client address':
      return client;
    case 'familiar client address':
      return familiarClient;
    case 'email address':
      return accountOf(caller);
    case 'parent':
      return caller.parent?.id;
    case 'own email address':
      return caller.parent ? folded(caller.parent.email) : undefined;
  }
}

/** Counts what memory keeps at once, and waits only for the database. */
function countAll(places: { counter: Counter; key: string }[]): void | Promise<void> {
  const [first, ...rest] = places;
  if (!first) return;
  const wait = first.counter.consume(first.key);
  if (typeof wait === 'number') {
    refuse(wait);
    return countAll(rest);
  }
  return wait.then((milliseconds) => {
    refuse(milliseconds);
    return countAll(rest);
  });
}

async function giveBack(counts: Provisional[]): Promise<void> {
  for (const { counter, key } of counts) await counter.giveBack(key);
}

/** The email that names an account. */
function accountOf({ fields }: Caller): string | undefined {
  const { email } = fields;
  return typeof email === 'string' ? folded(email) : undefined;
}

/**
 * In one case, as PostgreSQL's lower() does it, each code point by itself. Otherwise an address written with `İ`
 * would be the same account and another count.
 */
function folded(email: string): string {
  const lower = (char: string) => String.fromCodePoint(char.toLowerCase().codePointAt(0)!);
  return Array.from(email, lower).join('');
}

/** @throws Refusal `throttled`, if there is anything to wait for. */
function refuse(milliseconds: number): void {
  if (milliseconds <= 0) return;
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  throw new Refusal('throttled', 'Too many requests. Try again later.', seconds);
}

function codeOf(error: unknown): ErrorCode | Guess | undefined {
  if (error instanceof InvalidInput) return error.found;
  return error instanceof Refusal ? error.code : undefined;
}
