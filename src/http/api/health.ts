import { z } from 'zod';
import { statement } from '../../database/statement.js';
import { Refusal } from '../../core/errors.js';
import { forAnyone } from './endpoint.js';

const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

/** What a write stands on, looked up without one: tables that are there and may be written, in a primary. */
const GROUND = statement(`
  SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'
     AND has_table_privilege('parents', 'INSERT') AND has_table_privilege('campaigns', 'UPDATE')
     AND has_table_privilege('donations', 'INSERT') AND has_table_privilege('graphile_worker._private_jobs', 'INSERT')
         AS "canWrite"`);

export const live = forAnyone({
  summary: 'Whether the process runs',
  limit: 'none',
  needsNoDatabase: true,
  answer: { status: 200, description: 'It runs.', schema: Health },
  handle: () => Promise.resolve({ status: 'ok' as const }),
});

/** Whether requests should be sent here: not while stopping, and not without the database. */
export function ready(isStopping: () => boolean) {
  /** The look that is under way: anyone may ask, as often as they like, and so all share it. */
  let looking: Promise<{ canWrite: boolean }[]> | undefined;
  return forAnyone({
    summary: 'Whether the service can serve',
    limit: 'none',
    answer: { status: 200, description: 'It can.', schema: Health },
    refusals: ['unavailable'],
    handle: async ({ ctx }) => {
      if (isStopping()) throw new Refusal('unavailable', 'The service is stopping.');
      looking ??= ctx.db
        .query<{ canWrite: boolean }>(GROUND, [])
        .finally(() => (looking = undefined));
      const [ground] = await looking;
      if (!ground!.canWrite) throw new Refusal('unavailable', 'The database takes no writes.');
      return { status: 'ok' as const };
    },
  });
}
