import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../findings.js';
import { judgeLife, judgeReadiness } from '../readiness.js';
import { underLoad } from './under-load.js';

export const poolExhausted: Fault = {
  name: 'pool-exhausted',
  title: 'Every connection of the pool waits for a lock that is held from outside',
  run: (world) =>
    underLoad(
      world,
      async ({ client }) => {
        await sleep(1_000);
        const holder = await world.connect();
        await holder.query('BEGIN');
        await holder.query('LOCK TABLE campaigns');
        await sleep(world.quick ? 1_000 : 8_000);
        const life = await judgeLife(client);
        await holder.end();
        const ready = await judgeReadiness(client);
        await sleep(1_000);
        return [life, { ...ready, what: 'ready after the lock is gone' }];
      },
      { settings: { DATABASE_POOL_SIZE: '3' } },
    ),
};
