import { forAnyone } from '../../../http/api/endpoint.js';
import { Nothing } from '../auth/auth.schemas.js';
import { EmailUndo } from './email-change.schemas.js';
import { undoChange } from './email-change.service.js';

export const undo = forAnyone({
  summary: 'Undo a change of the address',
  description:
    'By the link that was mailed to the old address, `FRONTEND_URL/undo-email#token=…` (the bare token, without ' +
    '`FRONTEND_URL`): once, within 72 hours. The account returns to the old address, verified as before. All ' +
    'sessions end, and the password no longer works: a link to set another is mailed to the old address.',
  body: EmailUndo,
  limit: 'undoEmail',
  answer: { status: 200, description: 'Undone. Sign in again.', schema: Nothing },
  handle: async ({ ctx, body }) => {
    await undoChange(ctx, body.token);
    return {};
  },
});
