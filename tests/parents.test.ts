import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  addChild,
  openCampaign,
  openJar,
  registerParent,
  yearsAgo,
  type TestParent,
} from './support/factories.js';

const api = useApi();

const NOT_IDS = `0 -1 +1 01 1.5 1.0 1e1 0x1 abc ME mee me%20 %20me %201 null undefined 2147483648
  9223372036854775808 100000000000000000000 %00 1%00 me%00 %0A %FF %E0%A4%A % 1' 1%2F2 %2E%2E %F0%9F%8E%88
  [object%20Object] ${'9'.repeat(3000)}`.split(/\s+/);

const KITE = { title: 'A kite', description: 'Red.', goal: 20, category: 'dreams' };

test('whoever registers is signed in and sees an empty family', async () => {
  const { body } = await api
    .post('/parents/', {
      username: 'Anna',
      email: 'Anna@Example.com',
      password: 'long enough',
      first_name: ' Anna ',
    })
    .expect(201);
  expect(body).toEqual({
    user: {
      id: expect.any(Number) as number,
      username: 'Anna',
      email: 'Anna@Example.com',
      email_verified: false,
      first_name: 'Anna',
      last_name: '',
      date_joined: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      children: [],
    },
    access: expect.any(String) as string,
    refresh: expect.any(String) as string,
  });
  const me = await api.get('/parents/me/', body.access).expect(200);
  expect(me.body).toEqual(body.user);
});

test('all bad fields of a registration are told at once, a taken one among them', async () => {
  const parent = await registerParent(api);
  const { body } = await api
    .post('/parents/', {
      username: parent.username.toUpperCase(),
      email: 'no address',
      password: 'short',
    })
    .expect(400);
  expect(Object.keys(body).sort()).toEqual(['email', 'password', 'username']);
});

test('the dashboard holds each child with its campaigns, totals included, newest first', async () => {
  const parent = await registerParent(api);
  const older = await addChild(api, parent, { name: 'Tom' });
  const younger = await addChild(api, parent, { name: 'Lea Marie' });
  const first = await openCampaign(api, parent, older);
  const second = await openCampaign(api, parent, older, { deadline: '2099-01-01' });
  const { body } = await api.get(`/parents/${parent.id}/`, parent.access).expect(200);
  expect(body.children.map((child: { id: number }) => child.id)).toEqual([younger.id, older.id]);
  expect(body.children[1].campaigns.map((one: { id: number }) => one.id)).toEqual([
    second.id,
    first.id,
  ]);
  expect(body.children[1].campaigns[0]).toMatchObject({
    total_raised: 0,
    deadline: '2099-01-01T23:59:59.999Z',
    child: older.id,
  });
});

describe('who may come in', () => {
  let someone: TestParent;
  beforeAll(async () => {
    someone = await registerParent(api);
  });

  const verbs = ['get', 'put', 'patch', 'delete'] as const;
  const call = (verb: (typeof verbs)[number], path: string, token?: string) => {
    const request = api[verb](path).send({ email: 7 });
    return token ? request.set('Authorization', `Bearer ${token}`) : request;
  };

  test.each(verbs)('%s: the parent alone; 401, 404 and 403 come first', async (verb) => {
    const parent = await registerParent(api);
    const { access } = await registerParent(api);
    const path = `/parents/${parent.id}/`;
    for (const address of [path, '/parents/me/', '/parents/2147483647/']) {
      const { body } = await call(verb, address).expect(401).expect('WWW-Authenticate', 'Bearer');
      expect(body).toEqual({ detail: expect.any(String), code: 'not_authenticated' });
    }
    const foreign = await call(verb, path, access).expect(403);
    expect(foreign.body).toEqual({ detail: expect.any(String), code: 'permission_denied' });
    const unknown = await call(verb, '/parents/2147483647/', access).expect(404);
    expect(unknown.body).toEqual({ detail: expect.any(String), code: 'not_found' });
    await api.get(path, parent.access).expect(200);
  });

  test.each(NOT_IDS)('%s is no id: 404', async (id) => {
    const { access } = someone;
    for (const verb of verbs) {
      const { body } = await call(verb, `/parents/${id}/`, access).expect(404);
      expect(body.code).toBe('not_found');
    }
    await api.get(`/parents/${id}/children/`, access).expect(404);
  });

  test.each([
    ['/parents/', 'get', 'POST'],
    ['/parents/', 'delete', 'POST'],
    ['/parents/me/', 'post', 'GET, HEAD, PUT, PATCH, DELETE'],
    ['/parents/0/', 'post', 'GET, HEAD, PUT, PATCH, DELETE'],
  ] as const)('%s has no %s', async (path, verb, allow) => {
    const { body } = await api[verb](path).expect(405).expect('Allow', allow);
    expect(body).toEqual({ detail: expect.any(String), code: 'method_not_allowed' });
  });

  test('by id or as me, with the slash at the end or without', async () => {
    const { id, access } = await registerParent(api);
    const answers = [];
    for (const path of [`/parents/${id}/`, `/parents/${id}`, '/parents/me/', '/parents/me']) {
      answers.push((await api.get(path, access).expect(200)).body);
    }
    expect(answers).toEqual(Array(4).fill(answers[0]));
    const bare = { username: 'no slash', email: 'no-slash@example.com', password: 'long enough' };
    await api.post('/parents', bare).expect(201);
  });
});

describe.each(['put', 'patch'] as const)('%s', (verb) => {
  test('changes what is given and nothing else', async () => {
    const parent = await registerParent(api, { first_name: 'Eva', last_name: 'Stern' });
    const before = (await api.get('/parents/me/', parent.access)).body;
    const path = `/parents/${parent.id}/`;
    const changes = [
      { first_name: 'Evi' },
      { last_name: 'Mond' },
      {},
      { email: `${verb}@x.example` },
    ];
    for (const change of changes) {
      const { body } = await api[verb](path, change, parent.access).expect(200);
      expect(body).toEqual(Object.assign(before, change));
    }
    expect((await api.get(path, parent.access)).body).toEqual(before);
  });

  test.each([null, '', ' \n '])('clears an optional field by %j', async (nothing) => {
    const { access } = await registerParent(api, { first_name: 'Eva', last_name: 'Stern' });
    const cleared = { first_name: nothing, last_name: nothing };
    const { body } = await api[verb]('/parents/me/', cleared, access).expect(200);
    expect(body).toMatchObject({ first_name: '', last_name: '' });
  });

  test('clears no required field', async () => {
    const parent = await registerParent(api);
    const before = (await api.get('/parents/me/', parent.access)).body;
    for (const nothing of [null, '']) {
      const bad = { username: nothing, email: nothing, password: nothing, first_name: 'Eva' };
      const { body } = await api[verb]('/parents/me/', bad, parent.access).expect(400);
      expect(Object.keys(body).sort()).toEqual(['email', 'password', 'username']);
    }
    expect((await api.get('/parents/me/', parent.access)).body).toEqual(before);
  });
});

const FOREIGN_FIELDS = {
  id: 999_999,
  is_staff: true,
  is_active: false,
  is_superuser: true,
  date_joined: '2001-01-01T00:00:00.000Z',
  password_hash: 'x',
  children: [{ name: 'Nobody' }],
  total_raised: 5,
};

test('what no client may set is ignored and never written', async () => {
  const name = 'ignored fields';
  const email = 'ignored@example.com';
  const input = {
    ...FOREIGN_FIELDS,
    username: name,
    email,
    password: 'long enough',
    last_name: null,
  };
  const { user, access } = (await api.post('/parents/', input).expect(201)).body;
  expect(user).toMatchObject({ first_name: '', last_name: '', children: [] });
  const row = 'SELECT * FROM parents WHERE email = $1';
  const [before] = await api.database.sql(row, [email]);
  expect(before).toMatchObject({ id: user.id, is_staff: false, is_active: true });
  expect(user.date_joined).not.toBe(FOREIGN_FIELDS.date_joined);
  const change = { ...FOREIGN_FIELDS, username: 'changed name' };
  const changed = await api.put('/parents/me/', change, access).expect(200);
  expect(changed.body).toEqual({ ...user, username: 'changed name' });
  const [after] = await api.database.sql(row, [email]);
  expect(after).toEqual({ ...before, username: 'changed name' });
});

describe('DELETE', () => {
  test('waits until every campaign is closed', async () => {
    const { parent, child, campaign } = await openJar(api);
    const second = await openCampaign(api, parent, child, { is_open: false });
    const path = `/parents/${parent.id}/`;
    const { body } = await api.delete(path, parent.access).expect(409);
    expect(body).toEqual({ detail: expect.any(String), code: 'child_has_open_campaigns' });
    await api.put(`/campaigns/${campaign.id}/`, { is_open: false }, parent.access).expect(200);
    const { text } = await api.delete(path, parent.access).expect(204);
    expect(text).toBe('');
    for (const { id } of [campaign, second]) await api.get(`/campaigns/${id}/`).expect(404);
    expect(await api.database.sql('SELECT id FROM children WHERE id = $1', [child.id])).toEqual([]);
    const { access } = await registerParent(api);
    await api.get(path, access).expect(404);
  });

  test('frees the email and the username', async () => {
    const { username, email, password, access, id } = await registerParent(api);
    await api.delete('/parents/me/', access).expect(204);
    const { body } = await api.post('/parents/', { username, email, password }).expect(201);
    expect(body.user.id).not.toBe(id);
    await api.get('/parents/me/', access).expect(401);
  });

  test('at the same moment as all else: no answer is 5xx, and nothing is left', async () => {
    for (let round = 0; round < 4; round += 1) {
      const parent = await registerParent(api);
      const child = await addChild(api, parent);
      const newborn = { name: 'Ida', date_of_birth: yearsAgo(1) };
      const closed = { ...KITE, is_open: false };
      const campaigns = `/children/${child.id}/campaigns/`;
      const { access, refresh, email, password } = parent;
      const answers = await Promise.all([
        ...Array.from({ length: 5 }, () => api.post('/parents/me/children/', newborn, access)),
        ...Array.from({ length: 5 }, () => api.post(campaigns, closed, access)),
        ...Array.from({ length: 3 }, () => api.delete('/parents/me/', access)),
        ...Array.from({ length: 3 }, () => api.put('/parents/me/', { first_name: 'Eva' }, access)),
        api.delete(`/children/${child.id}/`, access),
        api.post('/api/token/', { email, password }),
        api.post('/api/token/refresh/', { refresh }),
      ]);
      for (const { status } of answers) expect([200, 201, 204, 401, 404]).toContain(status);
      await api.get('/parents/me/', access).expect(401);
      const left = 'SELECT id FROM children WHERE parent_id = $1';
      expect(await api.database.sql(left, [parent.id])).toEqual([]);
    }
  });

  test('at the same moment as a campaign is opened: one of the two is refused', async () => {
    for (let round = 0; round < 4; round += 1) {
      const parent = await registerParent(api);
      const child = await addChild(api, parent);
      const [opened, deleted] = await Promise.all([
        api.post(`/children/${child.id}/campaigns/`, KITE, parent.access),
        api.delete('/parents/me/', parent.access),
      ]);
      const outcome = `${opened.status} ${deleted.status}`;
      expect(['201 409', '401 204', '404 204']).toContain(outcome);
    }
  });
});
