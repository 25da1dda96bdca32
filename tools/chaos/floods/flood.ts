import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { countBy, isGood, outcomeOf } from '../answers.js';
import { openClient, type Client, type Exchange } from '../client.js';
import type { Fault, Finding } from '../findings.js';
import { closedLoop, openLoop, whatCameOf } from '../load.js';
import type { Server } from '../server.js';
import type { Ask } from '../traffic.js';
import type { World } from '../world.js';
import { bcryptCost } from './accounts.js';
import { judgeOthers, othersTraffic, OTHERS_A_SECOND, toldOfOthers } from './others.js';

/** What one client or one account does at its worst. */
export interface Attack {
  /** Its requests, without an end. */
  next: () => Ask;
  /** How many of them its limits let through in a minute. */
  perMinute: number;
}

/** A flood by one client or one account. */
export interface Flood {
  name: string;
  title: string;
  /** Makes what it needs. */
  prepare(world: World): Promise<Attack>;
}

/** Requests of a flood that are under way at once: more than a process works on. Fewer when all is to be done soon. */
const AT_ONCE = 100;
const AT_ONCE_BRIEFLY = 40;

/** Milliseconds until a request that was refused is sent again. */
const PAUSE = 250;

/** Seconds of others alone, for the server to warm up and again to compare, and of others and the flood. */
const WARM_UP = 5;
const SECONDS = 20;

/** Requests of others when all is to be done soon. */
const BRIEFLY = 20;

/** Milliseconds at p99 by which the load may lag before its figures mean nothing. */
const LONGEST_LAG = 100;

/** The flood as a fault, at a server of its own. */
export function faultOf(flood: Flood): Fault {
  const { name, title } = flood;
  return {
    ...{ name: `flood-${name}`, title },
    run: async (world) => {
      const server = await startLimited(world);
      const findings = await happen(flood, world, server);
      await server.terminate();
      return findings;
    },
  };
}

/** A server with the limits of production, behind a proxy that tells who asks. */
export function startLimited(world: World, settings: Record<string, string> = {}): Promise<Server> {
  return world.startServer({
    ...{ RATE_LIMIT: 'on', TRUST_PROXY: '1', BCRYPT_COST: String(bcryptCost(world)) },
    ...settings,
  });
}

/**
 * Lets the flood go on while others are there, and tells what came of both. `share`: that of production's limits
 * which this server has.
 */
export async function happen(
  flood: Flood,
  world: World,
  server: Server,
  share = 1,
): Promise<Finding[]> {
  const { next, perMinute } = await flood.prepare(world);
  const traffic = await othersTraffic(world);
  const [others, attacker] = [openClient(server.address), openClient(server.address)];
  const everybody = { others, traffic, attacker: patient(attacker), next };
  const lag = monitorEventLoopDelay();
  const began = performance.now();
  const before = world.quick ? [] : await usualDay(others, traffic);
  lag.enable();
  const [served, sent] = await (world.quick ? meetBriefly(everybody) : meet(everybody));
  for (const client of [others, attacker]) client.close();
  const minutes = 1 + Math.floor((performance.now() - began) / 60_000);
  const judged = judgeOthers(served);
  const why = whyNotMeasurable(before, lag.percentile(99) / 1e6);
  return [
    ...judgeFlood(sent, Math.ceil(perMinute * share) * minutes),
    ...(before.length > 0 ? [toldOfOthers(before)] : []),
    ...(why === undefined ? judged : judged.map((one) => ({ ...one, met: { untested: why } }))),
  ];
}

/** Others alone, once the server is warm. */
async function usualDay(others: Client, traffic: () => Ask): Promise<Exchange[]> {
  await whatCameOf(openLoop(others, traffic, OTHERS_A_SECOND), WARM_UP);
  return whatCameOf(openLoop(others, traffic, OTHERS_A_SECOND), WARM_UP);
}

/** Where others are not served in time without a flood, or the load itself is late, nothing can be said of floods. */
function whyNotMeasurable(before: Exchange[], ownLag: number): string | undefined {
  const isLate = judgeOthers(before).some(({ met }) => met === false);
  const isBusy = isLate || (before.length > 0 && ownLag > LONGEST_LAG);
  return isBusy ? 'the machine is too small or too busy: see the line above' : undefined;
}

interface Everybody {
  others: Client;
  traffic: () => Ask;
  attacker: Client;
  next: () => Ask;
}

/** What others and the flood sent for some seconds. */
async function meet({
  others,
  traffic,
  attacker,
  next,
}: Everybody): Promise<[Exchange[], Exchange[]]> {
  const flooding = closedLoop(attacker, next, AT_ONCE);
  const served = await whatCameOf(openLoop(others, traffic, OTHERS_A_SECOND), SECONDS);
  const ending = flooding.stop();
  // What is read slowly would go on for a minute.
  attacker.close();
  return [served, await ending];
}

/** The same by number, however long that takes. */
function meetBriefly({
  others,
  traffic,
  attacker,
  next,
}: Everybody): Promise<[Exchange[], Exchange[]]> {
  const flooding = Array.from({ length: AT_ONCE_BRIEFLY }, () => attacker.send(next()));
  const served = Array.from({ length: BRIEFLY }, () => others.send(traffic()));
  return Promise.all([Promise.all(served), Promise.all(flooding)]);
}

/** Sends again what was refused, but not at once: that would be more than any limit answers for. */
function patient(client: Client): Client {
  const send = async (ask: Ask) => {
    const exchange = await client.send(ask);
    if (!isGood(exchange)) await sleep(PAUSE);
    return exchange;
  };
  return { ...client, send };
}

function judgeFlood(sent: Exchange[], most: number): Finding[] {
  const done = sent.filter(isGood).length;
  const refused = sent.filter(({ status }) => status === 429 || status === 503).length;
  return [
    { what: 'the flood', measured: countBy(sent, outcomeOf), goal: '', met: sent.length > 0 },
    { what: 'of it done', measured: String(done), goal: `at most ${most}`, met: done <= most },
    {
      what: 'of it refused',
      measured: String(refused),
      goal: 'what is more',
      met: refused > 0 || sent.length <= most,
    },
  ];
}
