import { z } from 'zod';
import { forParents } from '../../../http/api/endpoint.js';
import { onlySelf } from '../parents/parents.access.js';
import { ParentPath } from '../parents/parents.schemas.js';
import { presentSession } from './sessions.presenter.js';
import { SessionForm, SessionPath } from './sessions.schemas.js';
import { endOtherSessions, endSession, listSessions } from './sessions.service.js';

export const list = forParents({
  summary: 'See where you are signed in',
  params: ParentPath,
  access: onlySelf,
  answer: { status: 200, description: 'Newest first.', schema: z.array(SessionForm) },
  refusals: ['permission_denied'],
  handle: async ({ ctx }) => {
    const sessions = await listSessions(ctx);
    return sessions.map((row) => presentSession(row, ctx.parent.sessionId));
  },
});

export const endOthers = forParents({
  summary: 'Sign out everywhere else',
  params: ParentPath,
  access: onlySelf,
  changes: [],
  answer: { status: 204, description: 'Only the session that asks goes on.' },
  refusals: ['permission_denied'],
  handle: ({ ctx }) => endOtherSessions(ctx),
});

export const end = forParents({
  summary: 'Sign out one session',
  description: 'Its tokens are refused from now on.',
  params: SessionPath,
  access: onlySelf,
  changes: [],
  answer: { status: 204, description: 'Signed out.' },
  refusals: ['permission_denied'],
  handle: ({ ctx, params }) => endSession(ctx, params.session),
});
