import { randomInt } from 'node:crypto';
import { countBy, isGood, outcomeOf, percentile } from '../answers.js';
import type { Exchange } from '../client.js';
import { none, within, type Finding } from '../findings.js';
import { dashboard, give, inTurn, lookingAround, pick, type Ask } from '../traffic.js';
import type { World } from '../world.js';
import { openAccounts, type Account } from './accounts.js';

/** Requests of everybody else, a second. */
export const OTHERS_A_SECOND = 20;

/** Milliseconds at p99. */
const LONGEST = 1_000;

const SIGN_IN = '/api/token/';

/** So many people with accounts. */
const PARENTS = 20;

/** Of twenty requests one signs in, four give, and the others read: two with an account, and two search. */
export async function othersTraffic(world: World): Promise<() => Ask> {
  const accounts = await openAccounts(world, PARENTS);
  const homes = accounts.map(() => someAddress());
  const byParent = (askOf: (account: Account) => Ask) => () => {
    const index = randomInt(accounts.length);
    return { ...askOf(accounts[index]!), from: homes[index]! };
  };
  const byVisitor = (askOf: () => Ask) => () => ({ ...askOf(), from: someAddress() });
  const signIn = byParent(({ email, password }) => {
    return { method: 'POST', path: SIGN_IN, body: { email, password } };
  });
  const gift = byVisitor(() => give(pick(world.campaigns)));
  const home = byParent(({ access }) => ({ ...dashboard(), access }));
  const look = byVisitor(() => lookingAround(world.campaigns));
  const search = byVisitor(() => ({ method: 'GET', path: `/campaigns/?q=${pick(WORDS)}` }));
  const times = (count: number, next: () => Ask) => Array.from({ length: count }, () => next);
  const all = [
    signIn,
    ...times(4, gift),
    ...times(2, home),
    ...times(2, search),
    ...times(11, look),
  ];
  return inTurn(all);
}

const WORDS = ['violin', 'telescope', 'football', 'bicycle', 'swimming'];

/** Whether others were served as if nothing were the matter. */
export function judgeOthers(exchanges: Exchange[]): Finding[] {
  const refused = exchanges.filter((one) => !isGood(one));
  return [
    none('others: answers of 503', refused.filter(({ status }) => status === 503).length),
    none('others: not served', refused.length, countBy(refused, outcomeOf)),
    ...Object.entries(kindsOf(exchanges)).map(([kind, those]) => {
      const p99 = percentile(those, 0.99);
      const measured = `${inMs(percentile(those, 0.5))} and ${inMs(p99)} of ${those.length}`;
      return { ...within(`others' ${kind}: p50 and p99`, p99, LONGEST), measured };
    }),
  ];
}

/** How long others wait where no flood is. */
export function toldOfOthers(exchanges: Exchange[]): Finding {
  const told = Object.entries(kindsOf(exchanges)).map(
    ([kind, those]) => `${kind} ${inMs(percentile(those, 0.99))}`,
  );
  return { what: 'others before it: p99', measured: told.join(', '), goal: '', met: true };
}

function kindsOf(exchanges: Exchange[]): Record<string, Exchange[]> {
  const isSignIn = ({ ask }: Exchange) => ask.path === SIGN_IN;
  return {
    reads: exchanges.filter((one) => !isSignIn(one) && !one.ask.gift),
    'sign-ins': exchanges.filter(isSignIn),
    gifts: exchanges.filter(({ ask }) => ask.gift),
  };
}

function inMs(time: number): string {
  return `${Math.round(time)} ms`;
}

/** An address of a network that no flood comes from. */
function someAddress(): string {
  return `198.18.${randomInt(256)}.${randomInt(1, 255)}`;
}
