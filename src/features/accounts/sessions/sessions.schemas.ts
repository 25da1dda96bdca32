import { z } from 'zod';
import { id, idInPath, moment } from '../../../core/fields.js';

/** A session of the signed-in parent, in a path that begins with the parent. */
export const SessionPath = z.object({
  id: z.union([z.literal('me'), idInPath]),
  session: idInPath,
});

/** A signed-in device as its parent sees it. */
export const SessionForm = z
  .object({
    id,
    created: moment,
    last_used: moment.meta({ description: 'When its tokens were last refreshed.' }),
    user_agent: z.string().meta({ description: 'What the browser or program calls itself.' }),
    current: z.boolean().meta({ description: 'Whether it is the one that asks.' }),
  })
  .meta({ id: 'Session' });
