import { judgeAnswers } from '../answers.js';
import { openClient, type Client } from '../client.js';
import type { Finding } from '../findings.js';
import { settle } from '../ledger.js';
import { openLoop } from '../load.js';
import type { Server } from '../server.js';
import { trafficOn } from '../traffic.js';
import { EASY_LOAD, type World } from '../world.js';

/** What a fault can use while the load goes on. */
export interface Scene {
  server: Server;
  client: Client;
}

/**
 * Lets something happen while people browse and give, and judges what they were answered and what is stored
 * of it afterwards. The server is stopped at the end.
 */
export async function underLoad(
  world: World,
  happening: (scene: Scene) => Promise<Finding[]>,
  {
    settings = {},
    perSecond = EASY_LOAD,
  }: { settings?: Record<string, string>; perSecond?: number } = {},
): Promise<Finding[]> {
  const server = await world.startServer(settings);
  const client = openClient(server.address);
  const load = openLoop(client, trafficOn(world.campaigns, world.owner), perSecond);
  let findings: Finding[];
  try {
    findings = await happening({ server, client });
  } finally {
    await load.stop();
  }
  const exchanges = await load.stop();
  findings.push(...judgeAnswers(exchanges), ...(await settle(world, client, exchanges)));
  client.close();
  await server.terminate();
  return findings;
}
