import { z } from 'zod';
import { statement } from '../core/database.js';
import { Refusal } from '../core/errors.js';
import { forAnyone } from './endpoint.js';

const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

const PING = statement('SELECT 1');

export const live = forAnyone({
  summary: 'Whether the process runs',
  limit: 'none',
  needsNoDatabase: true,
  answer: { status: 200, description: 'It runs.', schema: Health },
  handle: () => Promise.resolve({ status: 'ok' as const }),
});

/** Whether requests should be sent here: not while stopping, and not without the database. */
export function ready(isStopping: () => boolean) {
  return forAnyone({
    summary: 'Whether the service can serve',
    limit: 'none',
    answer: { status: 200, description: 'It can.', schema: Health },
    refusals: ['unavailable'],
    handle: async ({ ctx }) => {
      if (isStopping()) throw new Refusal('unavailable', 'The service is stopping.');
      await ctx.db.query(PING, []);
      return { status: 'ok' as const };
    },
  });
}
