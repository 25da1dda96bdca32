import type { z } from 'zod';
import type { ParentContext } from '../../core/context.js';
import { whenViolated } from '../../core/database-errors.js';
import type { FieldErrors } from '../../core/errors.js';
import { firstWord } from '../../core/text.js';
import { tokenNotValid } from '../sessions/tokens.js';
import { dateOfBirthError } from './age.js';
import { noSuchChild, type OwnChild } from './children.access.js';
import type { ChildChanges, NewChild } from './children.schemas.js';

/**
 * What the rules say of a child's fields: a new date of birth makes the child under 16 today. One that is
 * sent back unchanged is accepted from a child who has turned 16 since.
 */
export function childErrors(
  ctx: ParentContext,
  { date_of_birth: dateOfBirth }: { date_of_birth?: string | undefined },
  child?: OwnChild | void,
): FieldErrors {
  if (dateOfBirth === undefined || dateOfBirth === child?.dateOfBirth) return {};
  const error = dateOfBirthError(ctx.now, dateOfBirth);
  return error === null ? {} : { date_of_birth: [error] };
}

/** Adds a child to the signed-in parent's family and gives its id. */
export async function createChild(
  ctx: ParentContext,
  input: z.output<typeof NewChild>,
): Promise<number> {
  const { name, date_of_birth, gender = null, profile_picture = null } = input;
  const data = {
    parentId: ctx.parent.id,
    name,
    firstName: firstWord(name),
    dateOfBirth: new Date(date_of_birth),
    gender,
    profilePicture: profile_picture,
  };
  const child = await ctx.db.prisma.child
    .create({ data })
    .catch(whenViolated('children_parent_id_fkey', tokenNotValid));
  return child.id;
}

/** Changes what is given of an own child. @throws Refusal 404 when it is gone. */
export async function changeChild(
  ctx: ParentContext,
  id: number,
  { name, date_of_birth, gender, profile_picture }: z.output<typeof ChildChanges>,
): Promise<void> {
  const changed = await ctx.db.prisma.child.updateMany({
    where: { id, parentId: ctx.parent.id },
    data: {
      ...(name !== undefined && { name, firstName: firstWord(name) }),
      ...(date_of_birth !== undefined && { dateOfBirth: new Date(date_of_birth) }),
      ...(gender !== undefined && { gender }),
      ...(profile_picture !== undefined && { profilePicture: profile_picture }),
    },
  });
  if (changed.count === 0) throw noSuchChild();
}
