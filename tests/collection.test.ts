import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { routes } from '../src/routes.js';

const FILE = new URL('../docs/dreamjar.postman_collection.json', import.meta.url);

/** Served beside the URL map. */
const DOCUMENTS = ['/openapi.json', '/docs'];

/** Ours by default, the schema that names the format, and a host that is nobody's (RFC 2606). */
const HOSTS = ['127.0.0.1:3000', 'example.com', 'schema.getpostman.com'];

/** What is written down on purpose; every other variable is filled while the requests run. */
const FIXED_VARIABLES = [
  'baseUrl',
  'childLastName',
  'childPicture',
  'newPassword',
  'notAToken',
  'parentLastName',
  'password',
  'relativeLastName',
];

const words = z.string().trim().min(1);

const ScriptEvent = z.strictObject({
  listen: z.enum(['prerequest', 'test']),
  script: z.strictObject({ type: z.literal('text/javascript'), exec: z.array(z.string()).min(1) }),
});

const Url = z.strictObject({
  raw: z.string().startsWith('{{baseUrl}}/'),
  host: z.tuple([z.literal('{{baseUrl}}')]),
  path: z.array(z.string()).min(1),
  query: z.array(z.strictObject({ key: words, value: z.string() })).optional(),
});

/** Each request says itself how it is signed: Insomnia would let a public one inherit a folder's token. */
const Auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('noauth') }),
  z.strictObject({
    type: z.literal('bearer'),
    bearer: z.tuple([
      z.strictObject({
        key: z.literal('token'),
        value: z.string().regex(/^\{\{\w+\}\}$/),
        type: z.literal('string'),
      }),
    ]),
  }),
]);

/** A key is made while the requests run: one that is written down would stand for the gift of the last run. */
const Header = z.discriminatedUnion('key', [
  z.strictObject({ key: z.literal('Content-Type'), value: words }),
  z.strictObject({ key: z.literal('Idempotency-Key'), value: z.string().regex(/^\{\{\w+\}\}$/) }),
]);

const Item = z.strictObject({
  name: words,
  event: z.array(ScriptEvent).min(1).max(2),
  request: z.strictObject({
    auth: Auth,
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    header: z.array(Header),
    body: z
      .strictObject({
        mode: z.literal('raw'),
        raw: words,
        options: z.strictObject({ raw: z.strictObject({ language: z.enum(['json', 'text']) }) }),
      })
      .optional(),
    url: Url,
    description: words,
  }),
  response: z.array(z.never()),
});

/** Postman's format v2.1, as much of it as Insomnia understands too. */
const Collection = z.strictObject({
  info: z.strictObject({
    name: z.literal('DreamJar'),
    description: words,
    schema: z.literal('https://schema.getpostman.com/json/collection/v2.1.0/collection.json'),
  }),
  item: z
    .array(z.strictObject({ name: words, description: words, item: z.array(Item).min(1) }))
    .min(1),
  variable: z.array(
    z.strictObject({
      key: z.string().regex(/^\w+$/),
      value: z.string(),
      type: z.literal('string'),
      description: words.optional(),
    }),
  ),
});

type Request = z.output<typeof Item>;

const text = readFileSync(FILE, 'utf8');
const collection = Collection.parse(JSON.parse(text));
const requests = collection.item.flatMap((folder) => folder.item);
const map = routes(() => false);

const pathOf = ({ request }: Request) => `/${request.url.path.join('/')}`;
const scriptOf = ({ event }: Request, listen: 'prerequest' | 'test') =>
  event.flatMap((one) => (one.listen === listen ? one.script.exec : [])).join('\n');
const statusesOf = (item: Request) =>
  [...scriptOf(item, 'test').matchAll(/response\.to\.have\.status\((\d+)\)/g)].map(([, code]) =>
    Number(code),
  );

/** Whether a path of the collection is that of a route: a parameter is a variable or any example of it. */
function isAt(path: string, route: string): boolean {
  const here = path.split('/');
  const there = route.split('/');
  return (
    here.length === there.length &&
    there.every((part, at) => (part.startsWith(':') ? here[at] !== '' : here[at] === part))
  );
}

describe('the collection and the URL map', () => {
  it.each(map.map(({ method, path }) => [method, path] as const))(
    'has an example of %s %s',
    (method, path) => {
      const examples = requests.filter(
        (item) => item.request.method === method && isAt(pathOf(item), path),
      );
      expect(examples.map(({ name }) => name)).not.toEqual([]);
    },
  );

  it('asks for no address that is not there', () => {
    const addresses = [...map.map(({ path }) => path), ...DOCUMENTS];
    const astray = requests.map(pathOf).filter((path) => !addresses.some((at) => isAt(path, at)));
    expect(astray).toEqual([]);
  });

  it('uses a method that an address does not have only to show the refusal', () => {
    const known = [...map, ...DOCUMENTS.map((path) => ({ method: 'GET', path }))];
    const refused = requests.filter(
      (item) =>
        !known.some(({ method, path }) => {
          return method === item.request.method && isAt(pathOf(item), path);
        }),
    );
    expect(refused.map(statusesOf)).toEqual(refused.map(() => [405]));
  });
});

describe('each request', () => {
  it.each(requests.map((item) => [item.name, item] as const))('%s', (_name, item) => {
    const { url, body, header } = item.request;
    const query = url.query?.map(({ key, value }) => `${key}=${value}`).join('&');
    expect(url.raw).toBe(`{{baseUrl}}${pathOf(item)}${query === undefined ? '' : `?${query}`}`);

    const tests = scriptOf(item, 'test');
    const names = [...tests.matchAll(/pm\.test\(\s*(['"])(.+?)\1,/g)].map(([, , name]) => name);
    expect(statusesOf(item)).toHaveLength(1);
    expect(names[0]).toMatch(new RegExp(`^${statusesOf(item)[0]}: `));
    expect(new Set(names).size).toBe(names.length);
    for (const script of [tests, scriptOf(item, 'prerequest')]) {
      expect(() => new Script(script)).not.toThrow();
      expect(script).not.toMatch(/\brequire\b|\bsendRequest\b|\beval\b|\bFunction\b/);
    }

    const types = header.flatMap(({ key, value }) => (key === 'Content-Type' ? [value] : []));
    const type = body?.options.raw.language === 'json' ? 'application/json' : 'text/plain';
    expect(types).toEqual(body ? [type] : []);
  });

  it('has a name of its own in its folder', () => {
    for (const { item } of collection.item) {
      const names = item.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)]);
    }
  });
});

describe('what the collection carries', () => {
  it('declares each variable that it uses, and uses each that it declares', () => {
    const declared = collection.variable.map(({ key }) => key);
    const read = [...text.matchAll(/\{\{(\w+)\}\}/g), ...text.matchAll(/Variables\.get\('(\w+)'/g)];
    const set = [...text.matchAll(/Variables\.set\('(\w+)'/g)];
    expect(new Set(declared).size).toBe(declared.length);
    expect(new Set(declared)).toEqual(new Set([...read, ...set].map(([, name]) => name)));
  });

  it('fills its tokens and ids while it runs: none is written down', () => {
    const filled = collection.variable.filter(({ value }) => value !== '').map(({ key }) => key);
    expect(filled.sort()).toEqual(FIXED_VARIABLES);
  });

  it('holds nothing that looks like a secret', () => {
    expect(text).not.toMatch(/\beyJ[\w-]{8,}|\b(sk|pk|rk|whsec|PMAK|ghp)[_-]\w{8,}|-----BEGIN/);
    expect(text).not.toMatch(/[A-Za-z0-9+/=_-]{60,}/);
  });

  it('leads to no foreign host', () => {
    const hosts = [...text.matchAll(/\bhttps?:\/\/([\w.:-]*\w)/g)].map(([, host]) => host);
    expect([...new Set(hosts)].sort()).toEqual(HOSTS);
    const mail = [...text.matchAll(/@([\w.-]+\w)/g)].map(([, host]) => host);
    expect([...new Set(mail)].sort()).toEqual(['example.com', 'example.org']);
  });
});
