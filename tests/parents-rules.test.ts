import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { registerParent, type TestParent } from './support/factories.js';

const api = useApi();

const JAR = '🫙';
let counter = 0;

/** A registration that nobody else has sent. */
function registration(fields: object = {}): Record<string, unknown> {
  counter += 1;
  const name = `newcomer-${counter}`;
  return { username: name, email: `${name}@example.com`, password: 'long enough', ...fields };
}

const register = (fields: object) => api.post('/parents/', registration(fields));

/** An address of so many characters. */
function address(length: number): string {
  const domain = `@${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}.example`;
  return 'a'.repeat(length - domain.length) + domain;
}

const OPTIONAL = ['E', JAR.repeat(150), ` ${'x'.repeat(150)} `, '', null, 'von und zu'];

const GOOD: Record<string, unknown[]> = {
  username: [...'abc|a b|  abcd  |Ωmega|me!|名前です'.split('|'), JAR.repeat(3), JAR.repeat(150)],
  email: [
    ..."a@b.example|A.B+c-d_e@sub.Example.org|o'neill@example.ie| x@y.example ".split('|'),
    address(254),
  ],
  first_name: OPTIONAL,
  last_name: OPTIONAL,
};

const ADDRESSES_OF_NOBODY = `| |a|a@|@b.example|a@b|a@b.|a b@c.example|a@b@c.example|a@b..example|.a@b.example|
a..b@c.example|a@b.example,c@d.example|Eva <a@b.example>|a@b.example\nBcc: c@d.example`;

const BAD: Record<string, unknown[]> = {
  username: [
    '',
    '   ',
    'ab',
    ' ab ',
    JAR.repeat(2),
    JAR.repeat(151),
    'x'.repeat(151),
    null,
    undefined,
  ],
  email: [
    ...ADDRESSES_OF_NOBODY.split('|'),
    address(255),
    `${'a'.repeat(90_000)}@`,
    null,
    undefined,
  ],
  first_name: [JAR.repeat(151), 'x'.repeat(151)],
  last_name: [JAR.repeat(151), 'x'.repeat(151)],
};

/** Rows of field, value as a name shows it, value. */
const rows = (table: Record<string, unknown[]>) =>
  Object.entries(table).flatMap(([field, values]) =>
    values.map((value) => [field, JSON.stringify([value]).slice(1, 40), value] as const),
  );

describe('a field', () => {
  let someone: TestParent;
  beforeAll(async () => {
    someone = await registerParent(api);
  });

  test.each(rows(GOOD))('%s takes %s', async (field, _name, value) => {
    const { body } = await register({ [field]: value }).expect(201);
    const stored = typeof value === 'string' ? value.trim() : '';
    expect(body.user[field]).toBe(stored);
    const changed = await api.put('/parents/me/', { [field]: value }, body.access).expect(200);
    expect(changed.body).toEqual(body.user);
  });

  test.each(rows(BAD))('%s refuses %s', async (field, _name, value) => {
    const { body } = await register({ [field]: value }).expect(400);
    expect(body).toEqual({ [field]: expect.arrayContaining([expect.any(String)]) });
    if (value === undefined) return;
    const { access } = someone;
    const changed = await api.put('/parents/me/', { [field]: value }, access).expect(400);
    expect(Object.keys(changed.body)).toEqual([field]);
  });
});

describe('a password', () => {
  test.each([
    ['8 characters', 'abcdefgh'],
    ['72 bytes', 'x'.repeat(72)],
    ['18 emoji, which are 72 bytes', JAR.repeat(18)],
    ['8 emoji', JAR.repeat(8)],
    ['blanks around it', '  a b c  '],
    ['blanks alone', ' '.repeat(8)],
    ['a letter of two code points', 'e\u0301'.repeat(8)],
    ['HTML', '<b>&amp;</b>'],
  ])('may be %s, and opens as typed', async (_name, password) => {
    const { email } = await registerParent(api, { password });
    const signIn = (typed: string) => api.post('/api/token/', { email, password: typed });
    await signIn(password).expect(200);
    const lookalikes = [
      password.trim(),
      password.normalize('NFC'),
      `${password} `,
      Array.from(password).slice(0, -1).join(''),
    ];
    for (const other of lookalikes.filter((typed) => typed !== password))
      await signIn(other).expect(401);
  });

  test.each([
    ['7 characters', 'abcdefg'],
    ['7 emoji, which are 14 in UTF-16', JAR.repeat(7)],
    ['73 bytes', 'x'.repeat(73)],
    ['19 emoji, which are 38 in UTF-16', JAR.repeat(19)],
    ['71 bytes and a letter of two', `${'x'.repeat(71)}é`],
    ['nothing', ''],
    ['null', null],
    ['missing', undefined],
    ['a NUL', 'abcdefgh\u0000ijkl'],
    ['a newline', 'abcdefgh\n'],
    ['a number', 12345678],
    ['an object', { contains: '' }],
  ])('may not be %s', async (_name, password) => {
    const { body } = await register({ password }).expect(400);
    expect(Object.keys(body)).toEqual(['password']);
  });

  test('is stored as a bcrypt hash and never shown', async () => {
    const input = registration({ password: 'a secret of mine' });
    const { text } = await api.post('/parents/', input).expect(201);
    expect(text).not.toMatch(/secret of mine|\$2[aby]\$|hash/);
    const [row] = await api.database.sql('SELECT * FROM parents WHERE email = $1', [
      input['email'],
    ]);
    expect(row!['password_hash']).toMatch(/^\$2b\$04\$.{53}$/);
    expect(JSON.stringify(row)).not.toContain('a secret of mine');
  });
});

describe('changing the password', () => {
  const password = 'another long password';
  const OLD = 'the old password';
  const CURRENT = 'current_password';

  test.each<[string, object, string[]]>([
    ['no current password', { password }, [CURRENT]],
    ['an empty one', { password, [CURRENT]: '' }, [CURRENT]],
    ['null for it', { password, [CURRENT]: null }, [CURRENT]],
    ['a wrong one', { password, [CURRENT]: 'wrong' }, [CURRENT]],
    ['one of another type', { password, [CURRENT]: ['x'] }, [CURRENT]],
    ['one with a blank', { password, [CURRENT]: `${OLD} ` }, [CURRENT]],
    ['both bad', { password: 'short', [CURRENT]: 'wrong' }, [CURRENT, 'password']],
    ['a bad new one', { password: 'short', [CURRENT]: OLD }, ['password']],
    ['other bad fields', { password, email: 'x', last_name: 7 }, [CURRENT, 'email', 'last_name']],
  ])('is refused with %s', async (_name, change, fields) => {
    const parent = await registerParent(api, { password: OLD });
    const { body } = await api.put('/parents/me/', change, parent.access).expect(400);
    expect(Object.keys(body).sort()).toEqual(fields);
    await api.post('/api/token/', parent).expect(200);
    await api.post('/api/token/', { ...parent, password }).expect(401);
  });

  test('works with the right one, together with other fields', async () => {
    const parent = await registerParent(api);
    const change = { password, current_password: parent.password, first_name: 'Eva' };
    const { body } = await api.patch('/parents/me/', change, parent.access).expect(200);
    expect(body.first_name).toBe('Eva');
    expect(body).not.toHaveProperty('password');
    await api.post('/api/token/', parent).expect(401);
    await api.post('/api/token/', { ...parent, password }).expect(200);
  });

  test('is not asked for by other changes; a wrong current password is told all the same', async () => {
    const parent = await registerParent(api);
    const change = (fields: object) => api.put('/parents/me/', fields, parent.access);
    await change({ first_name: 'Eva' }).expect(200);
    await change({ first_name: 'Evi', current_password: parent.password }).expect(200);
    const { body } = await change({ first_name: 'Ivy', current_password: 'wrong' }).expect(400);
    expect(Object.keys(body)).toEqual(['current_password']);
    expect((await api.get('/parents/me/', parent.access)).body.first_name).toBe('Evi');
  });
});

describe('a username and an email', () => {
  test.each([
    [
      'username',
      'Jürgen Groß',
      'Jürgen Groß|JÜRGEN GROẞ|jürgen groß|  jürgen Groß |Ju\u0308rgen Groß',
    ],
    ['username', 'Наталья', 'НАТАЛЬЯ|наталья'],
    ['email', 'Jo.Doe@Example.com', 'Jo.Doe@Example.com|jo.doe@example.com| JO.DOE@EXAMPLE.COM '],
  ])('%s %s is taken in every case', async (field, first, others) => {
    await register({ [field]: first }).expect(201);
    const { access } = await registerParent(api);
    for (const value of others.split('|')) {
      const taken = { [field]: [`A user with that ${field} already exists.`] };
      expect((await register({ [field]: value }).expect(400)).body).toEqual(taken);
      const changed = await api.put('/parents/me/', { [field]: value }, access).expect(400);
      expect(changed.body).toEqual(taken);
    }
  });

  test('both taken and a bad field are told together', async () => {
    const { username, email } = await registerParent(api);
    const { access } = await registerParent(api);
    const taken = { username: username.toUpperCase(), email: email.toUpperCase() };
    const long = 'x'.repeat(151);
    const { body } = await register({ ...taken, password: 'short', last_name: long }).expect(400);
    expect(Object.keys(body).sort()).toEqual(['email', 'last_name', 'password', 'username']);
    const change = { ...taken, last_name: long };
    const changed = await api.put('/parents/me/', change, access).expect(400);
    expect(Object.keys(changed.body).sort()).toEqual(['email', 'last_name', 'username']);
  });

  test('of one’s own are accepted, also in another case', async () => {
    const { username, email, access } = await registerParent(api);
    const louder = { username: username.toUpperCase(), email: email.toUpperCase() };
    for (const same of [{ username, email }, louder]) {
      const { body } = await api.put('/parents/me/', same, access).expect(200);
      expect(body).toMatchObject(same);
    }
  });

  test.each(['email', 'username'])('%s goes to one of twenty who ask at once', async (field) => {
    const value = `Race-${field}@example.com`;
    const asked = Array.from({ length: 20 }, (_, i) => (i % 2 ? value : value.toUpperCase()));
    const answers = await Promise.all(asked.map((one) => register({ [field]: one })));
    const [won, ...lost] = answers.sort((a, b) => a.status - b.status);
    expect(won!.status).toBe(201);
    const taken = { [field]: [`A user with that ${field} already exists.`] };
    for (const { status, body } of lost) expect([status, body]).toEqual([400, taken]);
  });

  test.each(['email', 'username'])('%s goes to one of ten who change to it', async (field) => {
    const change = { [field]: `Change-${field}@example.com` };
    const parents = await Promise.all(Array.from({ length: 10 }, () => registerParent(api)));
    const answers = await Promise.all(
      parents.map(({ access }) => api.put('/parents/me/', change, access)),
    );
    const [won, ...lost] = answers.sort((a, b) => a.status - b.status);
    expect(won!.status).toBe(200);
    const taken = { [field]: [`A user with that ${field} already exists.`] };
    for (const { status, body } of lost) expect([status, body]).toEqual([400, taken]);
  });
});

test('of ten changes with the same current password one is made', async () => {
  const parent = await registerParent(api);
  const wanted = Array.from({ length: 10 }, (_, i) => `new password, number ${i}`);
  const answers = await Promise.all(
    wanted.map((password) => {
      const change = { password, current_password: parent.password };
      return api.put('/parents/me/', change, parent.access);
    }),
  );
  const made = answers.map(({ status }) => status);
  expect(made.toSorted()).toEqual([200, ...Array<number>(9).fill(400)]);
  const { email } = parent;
  await api.post('/api/token/', { email, password: wanted[made.indexOf(200)]! }).expect(200);
});
