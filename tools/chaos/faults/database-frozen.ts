import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../findings.js';
import { judgeLife, judgeReadiness } from '../readiness.js';
import { underLoad } from './under-load.js';

export const databaseFrozen: Fault = {
  name: 'database-frozen',
  title: 'PostgreSQL is frozen (SIGSTOP) under load for ten seconds',
  run: (world) =>
    underLoad(world, async ({ client }) => {
      await sleep(1_000);
      await world.postgres.freeze();
      await sleep(world.quick ? 1_000 : 10_000);
      const life = await judgeLife(client);
      await world.postgres.thaw();
      const ready = await judgeReadiness(client);
      await sleep(1_000);
      return [life, ready];
    }),
};
