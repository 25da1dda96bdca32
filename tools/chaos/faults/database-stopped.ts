import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../findings.js';
import { judgeLife, judgeReadiness } from '../readiness.js';
import { underLoad } from './under-load.js';

export const databaseStopped: Fault = {
  name: 'database-stopped',
  title: 'PostgreSQL is stopped at once (SIGQUIT) under load, and started again',
  run: (world) =>
    underLoad(world, async ({ client }) => {
      await sleep(1_000);
      await world.postgres.stopAtOnce();
      await sleep(world.quick ? 500 : 5_000);
      const life = await judgeLife(client);
      await world.postgres.start();
      const ready = await judgeReadiness(client);
      await sleep(1_000);
      return [life, ready];
    }),
};
