import type { Dice } from '../demo-data/random.js';
import type { Operation } from './document.js';
import type { Exchange } from './checker.js';

/** A parent who takes part. */
export interface Person {
  email: string;
  password: string;
  access: string;
  refresh: string;
  /** What this parent made or was shown, by the name of its list in paths. */
  ids: Map<string, number[]>;
  /** Whether an answer said that the access token is good no more. */
  signedOut: boolean;
}

type Fields = Record<string, unknown>;

/** Cursors and keys that are kept to be used again. */
const MOST_KEPT = 30;

/** The list that ids at a place of a path are from: `children` for `/children/{id}/`. */
export function listOf(path: string, parameter?: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  const end = parameter === undefined ? parts.length : parts.indexOf(`{${parameter}}`);
  return parts.slice(0, end).findLast((part) => !part.startsWith('{')) ?? '';
}

/** What is known of the server's state: learnt from its answers alone. */
export class World {
  people: Person[] = [];
  readonly publicIds = new Map<string, number[]>();
  readonly deadIds = new Map<string, number[]>();
  readonly deadTokens: string[] = [];
  readonly cursors: { path: string; cursor: string }[] = [];
  readonly keys: string[] = [];
  private made = 0;

  /** @param mark Tells this run's names from those of others on the same server. */
  constructor(private readonly mark: string) {}

  /** A name that nothing else has. */
  newName(): string {
    this.made += 1;
    return `fuzz-${this.mark}-${this.made}`;
  }

  /** Someone who is still there; nobody at all before the first registration. */
  anyone(dice: Dice): Person | undefined {
    return this.people.length > 0 ? dice.pick(this.people) : undefined;
  }

  /** Forgets someone who can't sign in any more. */
  lose(person: Person): void {
    this.people = this.people.filter((one) => one !== person);
    keep(this.deadTokens, person.access);
  }

  /** Takes from an answer what later requests can use. */
  learn({ operation, answer, request }: Exchange, person: Person | undefined): void {
    if (!operation || request.method === 'HEAD') return;
    if (answer.status === 401 && person && operation.token !== 'ignored') person.signedOut = true;
    if (answer.status === 204) this.bury(operation, request.target, person);
    if (answer.status >= 300) return;
    const [, cursor] = /[?&]cursor=([^>&]+)/.exec(answer.headers['link'] ?? '') ?? [];
    if (cursor !== undefined) keep(this.cursors, { path: operation.path, cursor });
    if (answer.headers['content-type']?.startsWith('application/json') !== true) return;
    const body = parsed(answer.body);
    const fields = ((request.body && parsed(request.body)) as Fields | undefined) ?? {};
    if (isObject(body) && typeof body['access'] === 'string') this.letIn(body, fields);
    if (person) changeAccount(person, operation, fields);
    const owner = operation.token === 'optional' && operation.method === 'GET' ? undefined : person;
    const ids = owner?.ids ?? this.publicIds;
    for (const item of Array.isArray(body) ? body : [body]) {
      if (isObject(item) && typeof item['id'] === 'number') {
        addId(ids, listOf(operation.path), item['id']);
      }
    }
  }

  private letIn(body: Record<string, unknown>, fields: Fields): void {
    const { access, refresh, user } = body as { access: string; refresh: string; user?: object };
    const known = this.people.find(
      ({ email, refresh: held }) => email === fields['email'] || held === fields['refresh'],
    );
    if (known) {
      keep(this.deadTokens, known.access);
      Object.assign(known, { access, refresh, signedOut: false });
    } else if (user) {
      const { email, id } = user as { email: string; id: number };
      const password = String(fields['password']);
      const ids = new Map([['parents', [id]]]);
      this.people.push({ email, password, access, refresh, ids, signedOut: false });
    }
  }

  private bury({ path }: Operation, target: string, person: Person | undefined): void {
    const list = listOf(path);
    const [, last = ''] = /([^/?]+)\/?(\?|$)/.exec(target) ?? [];
    if (!person || !/\}\/?$/.test(path)) return;
    if (list === 'parents') this.lose(person);
    const ids = person.ids.get(list) ?? [];
    const id = ids.find((one) => last === 'me' || one === Number(last));
    if (id === undefined) return;
    const others = ids.filter((one) => one !== id);
    person.ids.set(list, others);
    addId(this.deadIds, list, id);
  }
}

/** Keeps up with a change of the account, or nobody could sign in any more. */
function changeAccount(person: Person, { method, path }: Operation, fields: Fields): void {
  if (!['PUT', 'PATCH'].includes(method) || listOf(path) !== 'parents') return;
  const { email, password } = fields;
  if (typeof email === 'string') person.email = email.trim();
  if (typeof password === 'string') person.password = password;
}

function addId(ids: Map<string, number[]>, list: string, id: number): void {
  const known = ids.get(list) ?? [];
  ids.set(list, known.includes(id) ? known : [...known, id].slice(-MOST_KEPT));
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MOST_KEPT) list.shift();
}

/** What is no JSON holds nothing to learn. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
