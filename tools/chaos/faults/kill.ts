import { setTimeout as sleep } from 'node:timers/promises';
import { judgeAnswers } from '../answers.js';
import { openClient } from '../client.js';
import type { Fault } from '../findings.js';
import { settle } from '../ledger.js';
import { openLoop } from '../load.js';
import { trafficOn } from '../traffic.js';
import { EASY_LOAD } from '../world.js';

export const kill: Fault = {
  name: 'kill',
  title: 'The server is killed (SIGKILL) under load and started again, several times',
  run: async (world) => {
    const rounds = world.quick ? 1 : 5;
    let server = await world.startServer();
    const PORT = new URL(server.address).port;
    const client = openClient(server.address);
    const load = openLoop(client, trafficOn(world.campaigns, world.owner), EASY_LOAD);
    let slowest = 0;
    for (let round = 1; round <= rounds; round += 1) {
      await sleep(world.quick ? 700 : 2_000);
      await server.kill();
      server = await world.startServer({ PORT });
      slowest = Math.max(slowest, server.startedIn);
    }
    await sleep(500);
    const exchanges = await load.stop();
    const back = {
      what: 'slowest start',
      measured: `${Math.round(slowest)} ms`,
      goal: '',
      met: true,
    };
    // Connections break with the process; what it answered before must hold.
    const findings = [back, ...judgeAnswers(exchanges, { brokenByUs: true })];
    findings.push(...(await settle(world, client, exchanges)));
    client.close();
    await server.terminate();
    return findings;
  },
};
