import type { Dice } from '../demo-data/random.js';
import { bytesOfFields, spoiltBody, spoiltFields } from './bodies.js';
import type { ApiDocument } from './document.js';
import {
  BARE_HEADERS,
  BARE_METHODS,
  BARE_TARGETS,
  NASTY_HEADERS,
  NASTY_METHODS,
  NASTY_QUERIES,
  NASTY_TYPES,
} from './nasty-requests.js';
import { NASTY_DATES, NASTY_IDS, NASTY_TEXTS } from './nasty-values.js';
import { fillPath, queryParameters, type Draft } from './requests.js';
import { spoiltToken } from './tokens.js';
import type { World } from './world.js';

interface Surroundings {
  dice: Dice;
  world: World;
  document: ApiDocument;
}

type Spoiler = (draft: Draft, surroundings: Surroundings) => void;

/** Spoils a request in one way, or in two. */
export function spoil(draft: Draft, surroundings: Surroundings): void {
  const { dice } = surroundings;
  for (let times = dice.chance(0.2) ? 2 : 1; times > 0; times -= 1) {
    dice.pick(spoilersFor(draft))(draft, surroundings);
  }
}

/** Those that can do something to a request, the more often the more they can do. */
function spoilersFor({ operation, fields }: Draft): Spoiler[] {
  const spoilers = [token, token, header, header, type, method, address, bare];
  if (fields) spoilers.push(someFields, someFields, someFields, someFields, someFields, body, body);
  if (!operation) return spoilers;
  if (operation.path.includes('{')) spoilers.push(someId, someId, somebodyElse, somebodyElse);
  const times = Math.min(queryParameters(operation).length, 3);
  return [...spoilers, ...Array.from({ length: times * 2 }, () => query)];
}

const someFields: Spoiler = (draft, { dice, document }) => {
  const schema = draft.operation?.body;
  if (!schema || !draft.fields) return;
  draft.fields = spoiltFields(dice, draft.fields, schema, (one) => document.resolve(one));
  draft.body = bytesOfFields(draft.fields);
};

const body: Spoiler = (draft, { dice }) => {
  draft.body = spoiltBody(dice, draft.fields ?? {});
};

const type: Spoiler = (draft, { dice }) => {
  draft.headers['Content-Type'] = dice.pick(NASTY_TYPES);
  draft.body ??= spoiltBody(dice, {});
};

const token: Spoiler = (draft, { dice, world }) => {
  const value = spoiltToken(dice, draft.about, world);
  if (value === undefined) delete draft.headers['Authorization'];
  else draft.headers['Authorization'] = value;
  draft.person = undefined;
};

const someId: Spoiler = (draft, { dice, world }) => {
  const { operation } = draft;
  if (!operation) return;
  draft.target = fillPath(operation, (list) => {
    const dead = world.deadIds.get(list) ?? [];
    return dead.length > 0 && dice.chance(0.4) ? String(dice.pick(dead)) : dice.pick(NASTY_IDS);
  });
};

const somebodyElse: Spoiler = (draft, { dice, world }) => {
  const { operation, about } = draft;
  const others = world.people.filter((person) => person !== about);
  if (!operation || others.length === 0) return;
  const other = dice.pick(others);
  draft.target = fillPath(operation, (list) => String(other.ids.get(list)?.at(-1) ?? 1));
};

const query: Spoiler = (draft, { dice, world }) => {
  const names = draft.operation ? queryParameters(draft.operation).map(({ name }) => name) : [];
  const name = names.length > 0 ? dice.pick(names) : 'page_size';
  const [path = '', rest] = draft.target.split('?', 2);
  const value =
    name === 'cursor' && dice.chance(0.6)
      ? `cursor=${encodeURIComponent(nastyCursor(dice, world))}`
      : nastyParameter(dice, name);
  const kept = rest !== undefined && dice.chance(0.3) ? `${rest}&` : '';
  draft.target = `${path}?${kept}${value}`;
};

function nastyParameter(dice: Dice, name: string): string {
  if (dice.chance(0.5)) return dice.pick(NASTY_QUERIES).replaceAll('{}', name);
  const text = dice.pick(dice.chance(0.2) ? NASTY_DATES : NASTY_TEXTS);
  return `${name}=${encodeURIComponent(text.slice(0, 1_000).toWellFormed())}`;
}

/** Made for another list, cut, or holding what no cursor of ours holds. */
function nastyCursor(dice: Dice, { cursors }: World): string {
  const given = cursors.length > 0 ? dice.pick(cursors).cursor : '';
  const places = [
    ...['null', '[]', '{}', '""', '1', 'x', '{"id":"1"}', '{"id":1.5}', '{"id":-1}', '{"id":0}'],
    ...['{"id":null}', '{"id":1e400}', '{"id":99999999999999999999}', '{"id":2147483648}'],
    ...['{"__proto__":{"id":5}}', '{"id":5,"x":1}', '{"id":[5]}', '['.repeat(150)],
    ...['{"id":1,"raised":"x"}', '{"id":5,"deadline":"2026-02-30"}', '{"id":5,"rank":"NaN"}'],
  ];
  return dice.pick([
    given,
    given.slice(0, dice.between(0, given.length)),
    `${given}=`,
    given.toUpperCase(),
    Buffer.from(dice.pick(places)).toString('base64url'),
    Buffer.of(0xff, 0xfe, 0, 1).toString('base64url'),
    'x'.repeat(dice.pick([499, 500, 501])),
  ]);
}

const header: Spoiler = (draft, { dice }) => {
  const [name, value] = dice.pick(NASTY_HEADERS);
  draft.headers[name] = value;
};

const method: Spoiler = (draft, { dice, document }) => {
  draft.method = dice.pick(NASTY_METHODS);
  draft.operation = operationAt(document, draft.path, draft.method);
};

/** Other spellings of the address. With and without the slash at its end it is the same. */
const address: Spoiler = (draft, { dice, document }) => {
  const [path = '', rest] = draft.target.split('?', 2);
  const end = rest === undefined ? '' : `?${rest}`;
  if (dice.chance(0.4) && path.length > 1) {
    draft.target = (path.endsWith('/') ? path.slice(0, -1) : `${path}/`) + end;
    return;
  }
  const spellings = [`/${path}`, `${path}//`, `${path}x`, path.toUpperCase(), `${path}..;/`];
  const more = [`${path}%2e%2e/`, `${path}%00`, `${path}%ff`, '/favicon.ico', '/.env', '/%'];
  const spelt = dice.pick([...spellings, ...more]);
  draft.target = spelt + end;
  // Some are an id that names nothing.
  const known = document.operations.find((one) => patternOf(one.path).test(spelt));
  draft.path = known?.path;
  draft.operation = operationAt(document, draft.path, draft.method);
};

function patternOf(path: string): RegExp {
  const pattern = path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${pattern.replace(/\/$/, '')}/?$`);
}

/** What goes over a bare connection. The targets are all spellings of one list, or of nothing. */
const bare: Spoiler = (draft, { dice, document }) => {
  draft.bare = true;
  const kind = dice.pick(['header', 'target', 'method'] as const);
  if (kind === 'header') {
    const [name, value] = dice.pick(BARE_HEADERS);
    draft.headers[name] = value;
  } else if (kind === 'target') {
    draft.target = dice.pick(BARE_TARGETS);
    draft.path = '/campaigns/';
    draft.operation = operationAt(document, draft.path, draft.method);
  } else {
    draft.method = dice.pick(BARE_METHODS);
    draft.operation = undefined;
  }
};

function operationAt({ operations }: ApiDocument, path: string | undefined, method: string) {
  const judged = method === 'HEAD' ? 'GET' : method;
  return operations.find((operation) => operation.path === path && operation.method === judged);
}
