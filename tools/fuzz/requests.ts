import type { Dice } from '../demo-data/random.js';
import { bytesOfFields, validFields, validJson, type Fields, type KnownValues } from './bodies.js';
import type { ApiDocument, Operation, Parameter } from './document.js';
import type { WireRequest } from './wire.js';
import { listOf, type Person, type World } from './world.js';

/** A request in the making. */
export interface Draft extends WireRequest {
  /** Where it goes, as the document writes it: nothing for other spellings. */
  path: string | undefined;
  /** What the document has to say of it. */
  operation: Operation | undefined;
  /** Who signs it, if anyone. */
  person: Person | undefined;
  /** Whose things it is about. */
  about: Person | undefined;
  /** The fields of its body, if the operation takes one. */
  fields: Fields | undefined;
}

export const PASSWORDS = ['correct horse battery', 'staple & träumerei 42'] as const;

/** A request as a decent client makes it, for as much as the world holds, about the things of one person. */
export function decentRequest(
  dice: Dice,
  operation: Operation,
  world: World,
  document: ApiDocument,
  about = world.anyone(dice),
): Draft {
  const signs = { required: 1, optional: 0.5, ignored: 0.05 }[operation.token];
  const person = dice.chance(signs) ? about : undefined;
  const known = knownValues(dice, operation, world, about);
  const headers: Record<string, string> = {};
  if (person) headers['Authorization'] = `Bearer ${person.access}`;
  if (operation.method === 'POST' && dice.chance(0.15))
    headers['Idempotency-Key'] = keyOf(dice, world);
  const fields =
    operation.body &&
    validFields(dice, operation.body, known, (schema) => document.resolve(schema));
  if (fields) headers['Content-Type'] = 'application/json';
  const query = decentQuery(dice, operation, world, document);
  return {
    path: operation.path,
    operation,
    person,
    about,
    method: operation.method,
    target: fillPath(operation, (list) => decentId(dice, list, world, about)) + query,
    headers,
    fields,
    body: fields && bytesOfFields(fields),
  };
}

/** The path of an operation with its parameters filled in: `idOf` is given the list they name. */
export function fillPath({ path }: Operation, idOf: (list: string) => string): string {
  return path.replace(/\{(\w+)\}/g, (_all, name: string) => idOf(listOf(path, name)));
}

function decentId(dice: Dice, list: string, world: World, about: Person | undefined): string {
  if (list === 'docs') return 'start.js';
  if (list === 'parents' && dice.chance(0.6)) return 'me';
  const own = about?.ids.get(list) ?? [];
  const ids = own.length > 0 ? own : (world.publicIds.get(list) ?? []);
  return ids.length > 0 ? String(dice.pick(ids)) : '1';
}

/** The parameters of an operation's query that fit it. */
export function queryParameters({ parameters }: Operation): Parameter[] {
  return parameters.filter((parameter) => parameter.in === 'query');
}

function decentQuery(
  dice: Dice,
  operation: Operation,
  { cursors }: World,
  { resolve }: ApiDocument,
): string {
  const parts = queryParameters(operation).flatMap(({ name, schema }) => {
    if (!dice.chance(0.35)) return [];
    if (name === 'page_size') return [`page_size=${dice.between(1, 3)}`];
    const here = cursors.filter(({ path }) => path === operation.path);
    if (name === 'cursor') return here.length > 0 ? [`cursor=${dice.pick(here).cursor}`] : [];
    const value = JSON.parse(validJson(dice, resolve(schema), resolve)) as string | number;
    return [`${name}=${encodeURIComponent(String(value).toWellFormed())}`];
  });
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

function keyOf(dice: Dice, world: World): string {
  if (world.keys.length > 0 && dice.chance(0.5)) return dice.pick(world.keys);
  const key = world.newName();
  world.keys.push(key);
  return key;
}

/** What a field of this name should hold, where its schema alone doesn't tell. */
function knownValues(
  dice: Dice,
  { body }: Operation,
  world: World,
  about: Person | undefined,
): KnownValues {
  const address = () => `${world.newName()}@example.com`;
  const isAccount = body?.$ref?.match(/Registration|ParentChanges/);
  const values: Record<string, () => unknown> = {
    username: () => world.newName(),
    email: () => (isAccount ? address() : (about?.email ?? address())),
    password: () => (isAccount ? dice.pick(PASSWORDS) : (about?.password ?? PASSWORDS[0])),
    current_password: () => about?.password ?? PASSWORDS[0],
    refresh: () => about?.refresh ?? 'none',
    donor_email: address,
    date_of_birth: () => `${new Date().getUTCFullYear() - dice.between(1, 15)}-01-01`,
    image: () => dice.pick([null, '', 'https://example.com/a.png', 'http://münchen.example/é']),
    profile_picture: () => dice.pick([null, '', 'https://example.com/a.png']),
    deadline: () => dice.pick([null, '', '2099-02-28', '2099-12-31T23:59:59+05:45']),
  };
  return (name) => values[name]?.();
}
