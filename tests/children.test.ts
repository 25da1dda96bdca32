import type { Response } from 'supertest';
import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  addChild,
  openJar,
  registerParent,
  yearsAgo,
  type TestParent,
} from './support/factories.js';

const api = useApi();

/** Nine years old all through the year. */
const BORN = `${new Date().getUTCFullYear() - 9}-01-01`;
const JAR = '🫙';
const CHILDREN = '/parents/me/children/';

const NOT_URLS = `
  javascript:alert(1) javascript://https://a https://u:p@example.com/a http://u@example.com/a ftp://example.com/a data:image/png;base64,AA file:///etc/passwd
  //example.com/a example.com/a a /a http//a.b http:/x http:x http:// https:///a http://?a http://#a http://[
  http://a:99999/ http://%`
  .trim()
  .split(/\s+/);

const URLS =
  `http://a HTTPS://Example.com/a?b=c#d https://münchen.example/ä https://[::1]:8080/a`.split(' ');

const GOOD_NAMES = ['Al', '  Mia  ', "D'Arcy", '李明'];

const NOT_IDS =
  `0 -1 +1 01 1.5 1e1 abc me 2147483648 9223372036854775808 100000000000000000000 %00 1%00 %FF %201 1' null`.split(
    ' ',
  );

let someone: TestParent;

beforeAll(async () => {
  someone = await registerParent(api);
  await addChild(api, someone);
});

const tom = (fields: object = {}) => ({ name: 'Tom', date_of_birth: BORN, ...fields });

const url = (length: number) => `https://example.com/${'p'.repeat(length - 20)}`;

describe('a child', () => {
  test('is added, seen, changed and deleted by its parent', async () => {
    const { id: parent, access } = await registerParent(api);
    const input = { name: ' Mia Sommer ', date_of_birth: BORN };
    const { body: child } = await api.post(CHILDREN, input, access).expect(201);
    const fresh = { age: 9, gender: null, profile_picture: null, campaigns: [] };
    const { id } = child;
    const names = { name: 'Mia Sommer', public_name: 'Mia' };
    expect(child).toEqual({ ...fresh, ...names, id, parent, date_of_birth: BORN });
    const path = `/children/${child.id}`;
    expect((await api.get(path, access)).body).toEqual(child);
    expect((await api.get(`${path}/`, access)).body).toEqual(child);
    const full = { ...input, name: 'Mia', gender: 'female', profile_picture: url(40) };
    for (const verb of ['put', 'patch'] as const) {
      expect((await api[verb](path, {}, access).expect(200)).body).toMatchObject({ id: child.id });
      const { body } = await api[verb](path, full, access).expect(200);
      expect(body).toEqual({ ...child, ...full });
      const changed = await api[verb](path, { gender: 'male' }, access).expect(200);
      expect(changed.body).toEqual({ ...body, gender: 'male' });
      expect((await api.get(path, access)).body).toEqual(changed.body);
    }
    expect((await api.delete(path, access).expect(204)).text).toBe('');
    await api.get(path, access).expect(404);
    await api.put(path, full, access).expect(404);
  });

  test.each([null, '', undefined])('may have no gender and no picture: %j', async (nothing) => {
    const { access } = await registerParent(api);
    const none = { gender: nothing, profile_picture: nothing };
    const { body } = await api.post(CHILDREN, tom(none), access).expect(201);
    expect(body).toMatchObject({ gender: null, profile_picture: null });
    const path = `/children/${body.id}/`;
    const some = { gender: 'prefer not to say', profile_picture: url(40) };
    await api.put(path, some, access).expect(200);
    const changed = await api.put(path, none, access).expect(200);
    expect(changed.body).toMatchObject(
      nothing === undefined ? some : { gender: null, profile_picture: null },
    );
  });

  test('has no field that a client may set beside these', async () => {
    const { id: parent, access } = await registerParent(api);
    const other = await registerParent(api);
    const owner = { parent: other.id, parent_id: other.id };
    const foreign = { ...owner, id: 999_999, age: 3, first_name: 'X', campaigns: [{}], total: 1 };
    const { body } = await api.post(CHILDREN, tom(foreign), access).expect(201);
    expect(body).toMatchObject({ parent, age: 9, campaigns: [] });
    expect(body.id).not.toBe(999_999);
    expect((await api.put(`/children/${body.id}/`, foreign, access).expect(200)).body).toEqual(
      body,
    );
    const [row] = await api.database.sql('SELECT * FROM children WHERE id = $1', [body.id]);
    expect(row).toMatchObject({ parent_id: parent, public_name: 'Tom' });
  });

  const good = {
    name: [...GOOD_NAMES, `${JAR}${JAR}`, JAR.repeat(100), 'x'.repeat(100), 'Mia\u00a0S'],
    gender: ['male', 'female', 'prefer not to say'],
    profile_picture: [...URLS, `  ${url(60)}\n`, url(2048)],
  };
  test.each(table(good))('takes %s %s', async (field, _name, value) => {
    const { access } = someone;
    const { body } = await api.post(CHILDREN, tom({ [field]: value }), access).expect(201);
    expect(body[field]).toBe(value.trim());
    const { body: changed } = await api
      .put(`/children/${body.id}/`, { [field]: value }, access)
      .expect(200);
    expect(changed).toEqual(body);
  });

  const bad = {
    name: [...'|  |A| A |Mia\tS|Mia\nS'.split('|'), JAR, JAR.repeat(101), 'x'.repeat(101), null, 7],
    gender: ['Male', 'other', ' male', true, 0, ['male'], {}],
    profile_picture: [
      ...[...NOT_URLS, 'http://a/\nb', 'http://a/\tb', 'http://a b/', url(2049)],
      ...[7, true, [url(40)], { contains: '' }],
    ],
  };
  test.each(table(bad))('refuses %s %s', async (field, _name, value) => {
    const { access } = someone;
    const { body: before } = await api.get(CHILDREN, access);
    const input = tom({ [field]: value });
    const created = await api.post(CHILDREN, input, access).expect(400);
    const changed = await api
      .put(`/children/${before[0].id}/`, { [field]: value }, access)
      .expect(400);
    for (const { body } of [created, changed])
      expect(body).toEqual({ [field]: [expect.any(String)] });
    expect((await api.get(CHILDREN, access)).body).toEqual(before);
  });

  test('needs its required fields; all bad ones are told at once', async () => {
    const { access } = await registerParent(api);
    const all = { name: 'A', date_of_birth: yearsAgo(17), gender: 'x', profile_picture: 'x' };
    for (const body of [{}, { name: null, date_of_birth: null }, all]) {
      const fields = Object.keys(body === all ? all : { name: 0, date_of_birth: 0 }).sort();
      const refused = await api.post(CHILDREN, body, access).expect(400);
      expect(Object.keys(refused.body).sort()).toEqual(fields);
    }
  });
});

describe('who may come in', () => {
  test('the parent alone: 401, 404, 403, and only then field errors', async () => {
    const { parent, child } = await openJar(api);
    const other = await registerParent(api);
    const bad = { name: 7 };
    const calls = (path: string, list: string, token?: string) => [
      ...[api.get(path, token), api.delete(path, token)],
      ...[api.put(path, bad, token), api.patch(path, bad, token)],
      ...[api.get(list, token), api.post(list, bad, token)],
    ];
    const paths = [`/children/${child.id}/`, `/parents/${parent.id}/children/`] as const;
    const unknown = ['/children/2147483647/', '/parents/2147483647/children/'] as const;
    for (const call of [...calls(...paths), ...calls(...unknown)]) {
      const { body } = await call.expect(401).expect('WWW-Authenticate', 'Bearer');
      expect(body.code).toBe('not_authenticated');
    }
    for (const call of calls(...paths, other.access)) {
      const { body, text } = await call.expect(403);
      expect(body.code).toBe('permission_denied');
      expect(text).not.toContain('Mia');
    }
    for (const call of calls(...unknown, other.access)) {
      expect((await call.expect(404)).body.code).toBe('not_found');
    }
    expect((await api.get(CHILDREN, parent.access)).body).toHaveLength(1);
  });

  test.each(NOT_IDS)('%s is no id: 404', async (id) => {
    const { access } = someone;
    const path = `/children/${id}/`;
    const calls = [api.get(path, access), api.put(path, {}, access), api.delete(path, access)];
    for (const call of calls) expect((await call.expect(404)).body.code).toBe('not_found');
  });

  test.each([
    ['/children/1/', 'GET, HEAD, PUT, PATCH, DELETE'],
    ['/parents/me/children/', 'GET, HEAD, POST'],
  ])('%s takes %s', async (path, allow) => {
    const call = path === CHILDREN ? api.delete(path) : api.post(path);
    expect((await call.expect(405).expect('Allow', allow)).body.code).toBe('method_not_allowed');
  });
});

test('children are listed newest first, page by page', async () => {
  const parent = await registerParent(api);
  const ids: number[] = [];
  for (let i = 0; i < 5; i += 1)
    ids.unshift((await addChild(api, parent, { name: `Kid ${i}` })).id);
  await addChild(api, await registerParent(api));
  const whole = await api.get(CHILDREN, parent.access).expect(200);
  expect(whole.body.map(({ id }: { id: number }) => id)).toEqual(ids);
  expect(whole.headers).not.toHaveProperty('link');
  expect((await api.get(`/parents/${parent.id}/children`, parent.access)).body).toEqual(whole.body);
  const pages: unknown[][] = [];
  for (let path: string | undefined = `${CHILDREN}?page_size=2`; path;) {
    const { body, headers }: Response = await api.get(path, parent.access).expect(200);
    pages.push(body);
    path = /<http:\/\/[^/]+([^>]*)>; rel="next"/.exec(headers['link'] ?? '')?.[1];
    if (path) await addChild(api, parent, { name: 'Late' });
  }
  expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
  expect(pages.flat()).toEqual(whole.body);
  for (const query of ['page_size=0', 'page_size=101', 'page_size=x', 'page_size=-1', 'cursor=x']) {
    const { body } = await api.get(`${CHILDREN}?${query}`, parent.access).expect(400);
    expect(Object.keys(body)).toEqual([query.split('=')[0]]);
  }
});

test('a child with an open campaign stays until it is closed; others go at any time', async () => {
  const { parent, child, campaign } = await openJar(api);
  const path = `/children/${child.id}/`;
  const sister = await addChild(api, parent);
  await api.delete(`/children/${sister.id}/`, parent.access).expect(204);
  const { body } = await api.delete(path, parent.access).expect(409);
  expect(body).toEqual({ detail: expect.any(String), code: 'child_has_open_campaigns' });
  expect((await api.get(path, parent.access).expect(200)).body.campaigns[0].id).toBe(campaign.id);
  await api.put(`/campaigns/${campaign.id}/`, { is_open: false }, parent.access).expect(200);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => api.delete(path, parent.access)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
  await api.get(`/campaigns/${campaign.id}/`).expect(404);
});

/** Rows of field, value as a name shows it, value. */
function table<Value>(values: Record<string, Value[]>): [string, string, Value][] {
  return Object.entries(values).flatMap(([field, list]) =>
    list.map((value): [string, string, Value] => [
      field,
      JSON.stringify([value]).slice(1, 40),
      value,
    ]),
  );
}
