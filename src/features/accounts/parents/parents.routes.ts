import { forAnyone, forParents } from '../../../http/api/endpoint.js';
import { showParent } from '../../dashboard/dashboard.service.js';
import { deleteParent } from '../../dashboard/deletion.service.js';
import { onlySelf, selfToChange } from './parents.access.js';
import { presentParent } from '../../dashboard/dashboard.presenter.js';
import { AccountDeletion, ParentChanges, ParentPath, Registration } from './parents.schemas.js';
import { ParentForm, Registered } from '../../dashboard/dashboard.schemas.js';
import {
  changeParent,
  deletionErrors,
  parentChangesErrors,
  registerParent,
  registrationErrors,
} from './parents.service.js';

export const register = forAnyone({
  summary: 'Register a parent',
  limit: 'register',
  body: Registration,
  rules: registrationErrors,
  answer: { status: 201, description: 'Registered and signed in.', schema: Registered },
  handle: async ({ ctx, body }) => {
    const { parent, tokens } = await registerParent(ctx, body);
    return { user: presentParent({ ...parent, children: [] }, ctx.now), ...tokens };
  },
});

export const show = forParents({
  summary: 'See yourself, your children and their campaigns',
  params: ParentPath,
  access: onlySelf,
  answer: { status: 200, description: 'The parent.', schema: ParentForm },
  refusals: ['permission_denied'],
  handle: async ({ ctx }) => presentParent(await showParent(ctx, ctx.parent), ctx.now),
});

export const change = forParents({
  summary: 'Change your profile or password',
  changes: [],
  description:
    'Partial. `password` needs `current_password`, and ends all refresh tokens. Another `email` needs ' +
    '`current_password`, or a sign-in within the last 15 minutes. The new address is to be verified; the old one, if ' +
    'it was verified, gets a link by which the change is undone within 72 hours, and is kept for you so long.',
  limit: 'changeParent',
  params: ParentPath,
  access: selfToChange,
  body: ParentChanges,
  rules: parentChangesErrors,
  answer: { status: 200, description: 'The parent as changed.', schema: ParentForm },
  refusals: ['permission_denied', 'confirmation_needed'],
  handle: async ({ ctx, body, resource }) => {
    const parent = await changeParent(ctx, body, resource);
    return presentParent(await showParent(ctx, parent), ctx.now);
  },
});

export const remove = forParents({
  summary: 'Delete your account',
  description:
    'Erases you, your children and their campaigns, at once. Your donations stay, without your data; so do those ' +
    'that you made as a guest with your verified address, or with one that you left in the last 72 hours. What you ' +
    'wrote anonymously goes within a day. Needs `current_password`, or a sign-in within the last 15 minutes: then ' +
    'there need be no body.',
  limit: 'changeParent',
  params: ParentPath,
  access: selfToChange,
  body: AccountDeletion,
  rules: deletionErrors,
  answer: { status: 204, description: 'Deleted.' },
  refusals: ['permission_denied', 'confirmation_needed', 'child_has_open_campaigns'],
  handle: ({ ctx, body, resource }) =>
    deleteParent(ctx, body.current_password ? resource : undefined),
});
