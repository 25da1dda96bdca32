import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isGood, judgeAnswers, percentile } from '../answers.js';
import { openClient, type Client, type Exchange } from '../client.js';
import { within, type Fault, type Finding } from '../findings.js';
import { settle } from '../ledger.js';
import { closedLoop, openLoop, whatCameOf } from '../load.js';
import { trafficOn, type Ask } from '../traffic.js';

const CLIENTS = [8, 16, 32, 64];

/** Of the peak. */
const LEAST_GOODPUT = 0.9;

/** Milliseconds at p99 by which the load may lag before its figures mean nothing. */
const LONGEST_LAG = 100;

/** Milliseconds, of what was accepted. */
const LONGEST_P99 = 1_000;

export const doubleLoad: Fault = {
  name: 'double-load',
  title: 'Twice the load it can bear',
  run: async (world) => {
    const seconds = world.quick ? 0.5 : 4;
    const server = await world.startServer();
    const client = openClient(server.address);
    const next = trafficOn(world.campaigns, world.owner);
    // The first second is the compiler's.
    const exchanges = await whatCameOf(closedLoop(client, next, CLIENTS[0]!), seconds);
    const peak = await findPeak(client, next, seconds, exchanges);

    const lag = monitorEventLoopDelay();
    lag.enable();
    const began = performance.now();
    const overload = await whatCameOf(openLoop(client, next, peak * 2), seconds * 2.5);
    const good = overload.filter(isGood);
    const inTime = good.filter(({ sentAt, ms }) => sentAt + ms < began + seconds * 2_500);
    const goodput = inTime.length / (seconds * 2.5);
    const share = goodput / peak;
    const ownLag = lag.percentile(99) / 1e6;
    const measurable = ownLag <= LONGEST_LAG;
    const judged = judgeAnswers([...exchanges, ...overload]);
    const settled = await settle(world, client, [...exchanges, ...overload]);
    client.close();
    await server.terminate();
    const figures: Finding[] = [
      {
        what: 'goodput under twice the peak',
        measured: `${Math.round(goodput)}/s (${Math.round(share * 100)} %)`,
        goal: `at least ${LEAST_GOODPUT * 100} % of the peak`,
        met: share >= LEAST_GOODPUT,
        timed: true,
      },
      within('p99 of what was accepted', percentile(good, 0.99), LONGEST_P99),
    ];
    const why = `the load itself lagged by ${Math.round(ownLag)} ms: the machine is too small or too busy`;
    return [
      { what: 'peak, then twice that', measured: `${Math.round(peak)}/s`, goal: '', met: true },
      ...figures.map((figure) => (measurable ? figure : { ...figure, met: { untested: why } })),
      ...judged,
      ...settled,
    ];
  },
};

/** The most 2xx a second that any number of clients gets, all of whose exchanges are added to the others. */
async function findPeak(
  client: Client,
  next: () => Ask,
  seconds: number,
  all: Exchange[],
): Promise<number> {
  let peak = 0;
  for (const clients of CLIENTS) {
    const began = performance.now();
    const exchanges = await whatCameOf(closedLoop(client, next, clients), seconds);
    const perSecond = (exchanges.filter(isGood).length / (performance.now() - began)) * 1000;
    peak = Math.max(peak, perSecond);
    all.push(...exchanges);
  }
  return peak;
}
