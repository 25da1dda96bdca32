import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SORTS } from '../../dist/features/fundraising/campaigns/campaigns.schemas.js';
import { peakMemory, start } from './processes.mjs';
import { medians, ratioOf, takeTurns } from './rounds.mjs';
import { poolSizeOf, startServer } from './server.mjs';
import { measureStarts } from './starts.mjs';
import { GROUPS, targetsOf } from './targets.mjs';

/** MB a process. */
const MOST_MEMORY = 220;

/** Connections. */
const MANY = 100;

/** Measures the server beside its floors, and what it takes to start and to run. */
export async function measureAgainstFloors(bench) {
  const { options, postgres } = bench;
  const databaseUrl = await postgres.copy(options);
  const chosen = (group) => !options.only || options.only.includes(group);
  const starts = chosen('start') ? await measureStarts(bench, databaseUrl) : [];

  const server = await startServer(bench, databaseUrl);
  refuseFewer(server.pid, options.processes);
  const targets = [];
  for (const group of GROUPS.filter(chosen)) {
    for (const target of await targetsOf(group, { ...server, jwtSecret: bench.jwtSecret })) {
      targets.push(await measure(bench, server, databaseUrl, target));
      server.emptyLog();
    }
  }
  const memory = memoryOf('peak memory of a process', server.pid);
  const full = chosen('memory') ? await memoryOfFullPages(bench, databaseUrl) : [];
  return { targets, costs: [...starts, ...memory, ...full] };
}

async function measure(bench, server, databaseUrl, target) {
  const { name, requests, floor: floorName, goal } = target;
  console.error(name);
  const beside = floorName ? [await startFloor(bench, databaseUrl, target)] : [];
  const sides = [server, ...beside].map(({ address }) => ({ address, requests }));
  const [ours, theirs] = await takeTurns(bench.fire, sides, bench.options);
  for (const one of beside) await one.stop();
  const alone = { name, server: medians(ours), rounds: { server: ours, floor: theirs } };
  if (!floorName) return alone;
  const ratio = ratioOf(ours, theirs);
  return { ...alone, floorName, floor: medians(theirs), ratio, goal, met: ratio >= goal };
}

async function startFloor(bench, databaseUrl, { floor, task }) {
  const { processes } = bench.options;
  const poolSize = poolSizeOf(bench, databaseUrl);
  const file = join(bench.folder, 'task.json');
  const all = JSON.stringify({ ...task, databaseUrl, poolSize, processes });
  await writeFile(file, all, { mode: 0o600 });
  const program = fileURLToPath(new URL(`floors/${floor}.mjs`, import.meta.url));
  return start(bench, [program, file], { NODE_ENV: 'production' });
}

/** @throws when the server runs in fewer processes than its floors will. */
function refuseFewer(pid, processes) {
  const { length } = peakMemory(pid);
  if (length > 0 && length < processes) {
    throw new Error(`The server runs in ${length} process, not in ${processes}.`);
  }
}

/** What a server holds that has been sending nothing but pages of a hundred campaigns, to so many at once. */
async function memoryOfFullPages(bench, databaseUrl) {
  const { options, fire } = bench;
  const name = `peak memory at ${MANY} connections with full pages`;
  console.error(name);
  const { address, pid, stop } = await startServer(bench, databaseUrl);
  const requests = SORTS.map((sort) => ({ path: `/campaigns/?page_size=100&sort=${sort}` }));
  // Read once, they are in memory; until then so many at once are more than the server takes.
  for (const { path } of requests) await (await fetch(address + path)).arrayBuffer();
  await fire({ address, requests, connections: MANY, seconds: options.seconds });
  const costs = memoryOf(name, pid);
  await stop();
  return costs;
}

/** The most that one process of the server held. */
function memoryOf(name, pid) {
  const all = peakMemory(pid);
  if (all.length === 0) return [];
  const figure = Math.max(...all);
  const met = figure < MOST_MEMORY;
  return [{ name, unit: 'MB', figure, goal: MOST_MEMORY, met, all }];
}
