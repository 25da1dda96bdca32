import { setTimeout as sleep } from 'node:timers/promises';
import { judgeAnswers } from '../answers.js';
import { openClient, type Exchange } from '../client.js';
import { none, type Fault } from '../findings.js';
import { settle } from '../ledger.js';
import { openLoop } from '../load.js';
import { openPipeline } from '../pipeline.js';
import { trafficOn } from '../traffic.js';
import { EASY_LOAD, type World } from '../world.js';

/** Clients that send many requests on one connection before they read; half of them read late. */
const PIPELINES = 6;
const PIPELINED = 12;
const LATE = 1_500;
const LARGE = '/campaigns/?page_size=100';

export const terminate: Fault = {
  name: 'terminate',
  title: 'The server is asked to stop (SIGTERM) under load, many times',
  run: async (world) => {
    const exchanges: Exchange[] = [];
    const codes: (number | null)[] = [];
    let dropped: string[] = [];
    const read: string[] = [];
    for (let round = 1; round <= (world.quick ? 1 : 20); round += 1) {
      const stopped = await stopOnce(world);
      exchanges.push(...stopped.exchanges);
      codes.push(stopped.code);
      dropped = [...dropped, ...stopped.dropped];
      read.push(...stopped.read);
    }
    const bad = codes.filter((code) => code !== 0);
    // The last server's port may be another's by now.
    const last = await world.startServer();
    const client = openClient(last.address);
    const settled = await settle(world, client, exchanges);
    client.close();
    await last.terminate();
    return [
      { what: 'requests read whole', measured: sortsOf(read), goal: '', met: read.length > 0 },
      none('requests read whole and not answered', dropped.length, sortsOf(dropped)),
      none(`exit codes but 0, of ${codes.length}`, bad.length, bad.join(', ')),
      ...judgeAnswers(exchanges, { brokenByUs: true }),
      ...settled,
    ];
  },
};

async function stopOnce(world: World) {
  const server = await world.startServer();
  const client = openClient(server.address);
  const load = openLoop(client, trafficOn(world.campaigns, world.owner), EASY_LOAD * 2);
  await sleep(world.quick ? 500 : 1_000);
  const pipelines = await Promise.all(
    Array.from({ length: PIPELINES }, () => openPipeline(server.address, LARGE, PIPELINED)),
  );
  const ending = server.terminate();
  const answers = pipelines.map(async ({ answered }, index) => {
    await sleep(index % 2 === 0 ? 0 : LATE);
    return answered();
  });
  const code = await ending;
  const exchanges = await load.stop();
  const whole = exchanges.filter(({ status }) => status !== undefined).map(({ id }) => id);
  const known = new Set([...whole, ...(await Promise.all(answers)).flat()]);
  client.close();
  const read = await server.requestsRead();
  const sent = [...exchanges.map(({ id }) => id), ...pipelines.flatMap(({ ids }) => ids)];
  return {
    code,
    exchanges,
    read: sent.filter((id) => read.has(id)),
    dropped: sent.filter((id) => read.has(id) && !known.has(id)),
  };
}

function sortsOf(ids: string[]): string {
  const pipelined = ids.filter((id) => id.startsWith('pipe')).length;
  return `${pipelined} pipelined, ${ids.length - pipelined} others`;
}
