import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../findings.js';
import { judgeLife, judgeReadiness } from '../readiness.js';
import { underLoad } from './under-load.js';

export const databaseReadOnly: Fault = {
  name: 'database-read-only',
  title: 'PostgreSQL takes no writes, as after a failover, or when a provider sees its disk full',
  run: (world) =>
    underLoad(world, async ({ client }) => {
      await sleep(1_000);
      await world.sql('ALTER SYSTEM SET default_transaction_read_only = on');
      await world.sql('SELECT pg_reload_conf()');
      await sleep(world.quick ? 700 : 3_000);
      const life = await judgeLife(client);
      await world.sql('ALTER SYSTEM RESET default_transaction_read_only');
      await world.sql('SELECT pg_reload_conf()');
      const ready = await judgeReadiness(client);
      await sleep(1_000);
      return [life, ready];
    }),
};
