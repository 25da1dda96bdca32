import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Exchange } from './client.js';
import type { Ask } from './traffic.js';

/** A load that goes on until it is stopped. */
export interface Load {
  /** Sends no more, waits for what is under way, and gives all that was sent. */
  stop(): Promise<Exchange[]>;
}

/** Milliseconds between looks at what is due. */
const TICK = 5;

/** Sends so many requests a second whatever becomes of them, as the world does. */
export function openLoop(client: Client, next: () => Ask, perSecond: number): Load {
  const began = performance.now();
  const exchanges: Promise<Exchange>[] = [];
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * perSecond;
    while (exchanges.length < due) exchanges.push(client.send(next()));
  }, TICK);
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.all(exchanges);
    },
  };
}

/** So many clients that each send their next request when the last is answered. */
export function closedLoop(client: Client, next: () => Ask, clients: number): Load {
  const exchanges: Exchange[] = [];
  let stopped = false;
  const lanes = Array.from({ length: clients }, async () => {
    while (!stopped) exchanges.push(await client.send(next()));
  });
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(lanes);
      return exchanges;
    },
  };
}

/** Lets a load go on for some seconds; gives all that was sent. */
export async function whatCameOf(load: Load, seconds: number): Promise<Exchange[]> {
  await sleep(seconds * 1_000);
  return load.stop();
}
