import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.js';
import { within, type Finding } from './findings.js';

/** Milliseconds after the return of PostgreSQL. */
const SOON = 3_000;

const GIVE_UP = 20_000;
const LOOK_EVERY = 50;

/** How long the server takes from now until it says that it is ready. */
export async function judgeReadiness(client: Client): Promise<Finding> {
  const began = performance.now();
  const since = () => performance.now() - began;
  while (since() < GIVE_UP) {
    const { status } = await client.send({ method: 'GET', path: '/health/ready' });
    if (status === 200) break;
    await sleep(LOOK_EVERY);
  }
  return within('ready after the return of PostgreSQL', since(), SOON);
}

/** Whether the server says that it lives. */
export async function judgeLife(client: Client): Promise<Finding> {
  const { status, error } = await client.send({ method: 'GET', path: '/health/live' });
  const measured = String(status ?? error);
  return { what: 'health/live meanwhile', measured, goal: '200', met: status === 200 };
}
