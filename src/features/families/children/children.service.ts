import type { z } from 'zod';
import type { ParentContext } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { storedFields, type StoredFields } from '../../../database/stored-fields.js';
import type { Child } from '../../../generated/prisma/client.js';
import { InvalidInput, type FieldErrors } from '../../../core/errors.js';
import { fieldError } from '../../../core/field-errors.js';
import { tokenNotValid } from '../../accounts/sessions/tokens.js';
import { indexAtOnce } from '../../search-index/search-index.service.js';
import { dateOfBirthError } from './age.js';
import { noSuchChild, type OwnChild } from './children.access.js';
import type { ChildChanges, NewChild } from './children.schemas.js';
import { defaultPublicName, tellsMore } from './public-name.js';

/** Where the fields of a child's body are stored. */
const CHILD_FIELDS = {
  gender: 'gender',
  profile_picture: 'profilePicture',
  // `namesAfter` makes both names, and a day becomes a date.
  name: null,
  public_name: null,
  date_of_birth: null,
} as const satisfies StoredFields<z.output<typeof NewChild>, Child>;

type Changes = z.output<typeof ChildChanges>;

/** A name and what the public sees of it. */
type Names = Pick<OwnChild, 'name' | 'publicName'>;

/**
 * What the rules say of a child's fields: a new date of birth makes the child under 16 today, and the public
 * name tells no more than it may. A date of birth that is sent back unchanged is accepted from a child who
 * has turned 16 since.
 */
export function childErrors(
  ctx: ParentContext,
  input: Pick<Changes, 'name' | 'public_name' | 'date_of_birth'>,
  child?: OwnChild | void,
): FieldErrors {
  const { date_of_birth: dateOfBirth } = input;
  const isNew = dateOfBirth !== undefined && dateOfBirth !== child?.dateOfBirth;
  const error = isNew ? dateOfBirthError(ctx.now, dateOfBirth) : null;
  return {
    ...(error !== null && { date_of_birth: [error] }),
    ...publicNameErrors(namesAfter(input, child ?? undefined)),
  };
}

/** What the rules say of a new child: the same, and that there is room for it. */
export async function newChildErrors(
  ctx: ParentContext,
  input: Partial<z.output<typeof NewChild>>,
): Promise<FieldErrors> {
  return { ...childErrors(ctx, input), ...(await boundErrors(ctx, ctx.db.prisma)) };
}

async function boundErrors(
  { parent, settings }: ParentContext,
  { child }: Pick<Transaction, 'child'>,
): Promise<FieldErrors> {
  const { children: max } = settings.bounds;
  const count = await child.count({ where: { parentId: parent.id } });
  return count < max ? {} : { non_field_errors: [fieldError('tooManyChildren', { max })] };
}

/** Adds a child to the signed-in parent's family and gives its id. @throws InvalidInput when there are too many. */
export async function createChild(
  ctx: ParentContext,
  input: z.output<typeof NewChild>,
): Promise<number> {
  const { name, public_name, date_of_birth } = input;
  const data = {
    ...storedFields(input, CHILD_FIELDS),
    parentId: ctx.parent.id,
    name,
    publicName: public_name || defaultPublicName(name),
    dateOfBirth: new Date(date_of_birth),
  };
  return ctx.db.transaction(async (tx) => {
    // The lock has two who come at once counted one after the other.
    const [parent] = await tx.$queryRaw<unknown[]>`
      SELECT id FROM parents WHERE id = ${ctx.parent.id} FOR NO KEY UPDATE`;
    if (!parent) throw tokenNotValid();
    const errors = await boundErrors(ctx, tx);
    if (errors.non_field_errors) throw new InvalidInput(errors);
    const child = await tx.child.create({ data });
    return child.id;
  });
}

/**
 * Changes what is given of an own child. A public name that is the default follows the name.
 * @throws Refusal 404 when it is gone, InvalidInput when the name was changed in the meantime so that the
 * public name would tell more of it.
 */
export async function changeChild(ctx: ParentContext, id: number, input: Changes): Promise<void> {
  const { date_of_birth } = input;
  const parentId = ctx.parent.id;
  await ctx.db.transaction(async (tx) => {
    const [current] = await tx.$queryRaw<Names[]>`
      SELECT name, public_name AS "publicName" FROM children
       WHERE id = ${id} AND parent_id = ${parentId} FOR NO KEY UPDATE`;
    if (!current) throw noSuchChild();
    const names = namesAfter(input, current);
    const errors = publicNameErrors(names);
    if (errors.public_name) throw new InvalidInput(errors);
    await tx.child.update({
      where: { id },
      data: {
        ...storedFields(input, CHILD_FIELDS),
        ...names,
        ...(date_of_birth !== undefined && { dateOfBirth: new Date(date_of_birth) }),
      },
    });
    if (names?.publicName !== current.publicName) await indexAtOnce(ctx, tx, id);
  });
}

/** The names as they will be; without a good name, none. */
function namesAfter(
  { name: given, public_name: chosen }: Pick<Changes, 'name' | 'public_name'>,
  current?: Names,
): Names | undefined {
  const name = given ?? current?.name;
  if (name === undefined) return undefined;
  const isDefault = !current || current.publicName === defaultPublicName(current.name);
  const kept = isDefault ? '' : current.publicName;
  return { name, publicName: (chosen ?? kept) || defaultPublicName(name) };
}

function publicNameErrors(names: Names | undefined): FieldErrors {
  if (!names || !tellsMore(names.publicName, names.name)) return {};
  return { public_name: [fieldError('tellsTheName')] };
}
