import { z } from 'zod';
import type { ParentContext } from '../../../context.js';
import { forParents } from '../../../http/api/endpoint.js';
import { presentChild } from '../../dashboard/dashboard.presenter.js';
import { listChildren, showChild } from '../../dashboard/dashboard.service.js';
import { deleteChild } from '../../dashboard/deletion.service.js';
import { onlySelf } from '../../accounts/parents/parents.access.js';
import { ParentPath } from '../../accounts/parents/parents.schemas.js';
import { findOwnChild } from './children.access.js';
import { ChildChanges, ChildPath, ChildrenQuery, NewChild } from './children.schemas.js';
import { ChildForm } from '../../dashboard/dashboard.schemas.js';
import { findPagesOfOwnChild } from './children.access.js';
import { changeChild, childErrors, createChild, newChildErrors } from './children.service.js';

export const list = forParents({
  summary: 'List your children',
  params: ParentPath,
  access: onlySelf,
  query: ChildrenQuery,
  answer: { status: 200, description: 'Newest first.', schema: z.array(ChildForm), paged: true },
  refusals: ['permission_denied'],
  handle: async ({ ctx, query }) => {
    const page = await listChildren(ctx, query);
    return page.map((child) => presentChild(child, ctx.now));
  },
});

export const create = forParents({
  summary: 'Add a child',
  idempotent: true,
  tellsOf: (_params, answer) => ({ ...(answer && { childId: answer.id }) }),
  params: ParentPath,
  access: onlySelf,
  body: NewChild,
  rules: newChildErrors,
  changes: [],
  answer: { status: 201, description: 'The child.', schema: ChildForm },
  refusals: ['permission_denied'],
  handle: async ({ ctx, body }) => present(ctx, await createChild(ctx, body)),
});

export const show = forParents({
  summary: 'See a child and its campaigns',
  params: ChildPath,
  access: findOwnChild,
  answer: { status: 200, description: 'The child.', schema: ChildForm },
  refusals: ['permission_denied'],
  handle: ({ ctx, params }) => present(ctx, params.id),
});

export const change = forParents({
  summary: 'Change a child',
  // A new public name writes the search texts of the campaigns.
  limit: 'writeCampaign',
  description:
    'Partial: an absent field keeps its value, null clears an optional one. A new public name shows at once, and a ' +
    'search never finds a campaign by the old one; by the new one it may find long or many campaigns some seconds later.',
  params: ChildPath,
  access: findOwnChild,
  body: ChildChanges,
  rules: childErrors,
  changes: ({ found, answer }) => (found.publicName === answer.public_name ? [] : [{ of: 'all' }]),
  answer: { status: 200, description: 'The child as changed.', schema: ChildForm },
  refusals: ['permission_denied'],
  handle: async ({ ctx, params, body }) => {
    await changeChild(ctx, params.id, body);
    return present(ctx, params.id);
  },
});

export const remove = forParents({
  summary: 'Delete a child',
  description:
    'Erases the child and its campaigns, at once. Donations stay in the history of those who gave.',
  params: ChildPath,
  access: findPagesOfOwnChild,
  changes: ({ found }) => found,
  answer: { status: 204, description: 'Deleted.' },
  refusals: ['permission_denied', 'child_has_open_campaigns'],
  handle: ({ ctx, params }) => deleteChild(ctx, params.id),
});

async function present(ctx: ParentContext, id: number): Promise<z.input<typeof ChildForm>> {
  return presentChild(await showChild(ctx, id), ctx.now);
}
