import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { guestGift, openJar, registerParent, yearsAgo } from './support/factories.js';

const api = useApi();

let jar: Awaited<ReturnType<typeof openJar>>;

beforeAll(async () => {
  jar = await openJar(api);
});

const account = {
  username: 'anna',
  email: 'anna@example.com',
  password: 'long enough',
  first_name: 'Anna',
  last_name: 'Weiss',
};
const child = {
  name: 'Mia',
  date_of_birth: yearsAgo(9),
  gender: 'female',
  profile_picture: 'https://example.com/a',
};
const campaign = {
  title: 'A kite',
  description: 'Red.',
  category: 'dreams',
  image: 'https://example.com/b',
  deadline: '2099-01-01',
};
const gift = { comment: 'Good luck!', donor_name: 'Kate', donor_email: 'kate@example.org' };

/** Every form with a good value of each of its text fields, what else it needs, and the way to send it. */
const forms: Record<
  string,
  {
    path: () => string;
    verb?: 'put' | 'patch';
    good: Record<string, string>;
    more?: object;
    visitor?: true;
  }
> = {
  'signing in': {
    path: () => '/api/token/',
    good: { email: account.email, password: account.password },
    visitor: true,
  },
  refreshing: { path: () => '/api/token/refresh/', good: { refresh: 'abc' }, visitor: true },
  'signing out': { path: () => '/api/token/blacklist/', good: { refresh: 'abc' }, visitor: true },
  registering: { path: () => '/parents/', good: account, visitor: true },
  'changing a parent': {
    path: () => '/parents/me/',
    verb: 'put',
    good: { ...account, current_password: 'correct horse battery' },
  },
  'adding a child': { path: () => '/parents/me/children/', good: child },
  'changing a child': { path: () => `/children/${jar.child.id}/`, verb: 'patch', good: child },
  'opening a campaign': {
    path: () => `/children/${jar.child.id}/campaigns/`,
    good: campaign,
    more: { goal: 20 },
  },
  'changing a campaign': {
    path: () => `/campaigns/${jar.campaign.id}/`,
    verb: 'put',
    good: campaign,
  },
  'giving as a guest': {
    path: () => `/campaigns/${jar.campaign.id}/donations/`,
    good: gift,
    more: { amount: 5 },
    visitor: true,
  },
  'giving as a parent': {
    path: () => `/campaigns/${jar.campaign.id}/donations/`,
    good: { comment: gift.comment, donor_name: gift.donor_name },
    more: { amount: 5 },
  },
};

/** Sends a form with all its fields good but those given. */
function send(name: string, fields: object) {
  const { path, verb = 'post', good, more, visitor } = forms[name]!;
  return api[verb](
    path(),
    { ...good, ...more, ...fields },
    visitor ? undefined : jar.parent.access,
  );
}

const LONG = ['description', 'comment'];

const CONTROLS = [...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)), '\u007f'];

describe.each(Object.keys(forms))('%s', (form) => {
  /** Sends a form with each of its text fields spoilt, and expects to be told of each. */
  async function refused(spoil: (good: string) => unknown, but: string[] = []): Promise<void> {
    const fields = Object.entries(forms[form]!.good).filter(([field]) => !but.includes(field));
    const spoilt = Object.fromEntries(fields.map(([field, good]) => [field, spoil(good)]));
    const { status, body } = await send(form, spoilt);
    const told = Object.keys(body).sort();
    expect([status, told], JSON.stringify(spoilt)).toEqual([400, Object.keys(spoilt).sort()]);
  }

  test('holds no control character', async () => {
    for (const control of CONTROLS) {
      const allowed = '\t\n'.includes(control) ? LONG : [];
      await refused((good) => `${good.slice(0, 2)}${control}${good.slice(2)}`, allowed);
    }
    for (const control of ['\u0000', '\u0001', '\u001b', '\u001c', '\u001f', '\u007f']) {
      await refused((good) => control + good);
      await refused((good) => good + control);
    }
  });

  test('holds no half of a character', async () => {
    for (const half of ['\ud800', '\udfff', '\ud83d', '\udc00\ud800', '\ud83d\ud83d\ude00']) {
      await refused((good) => good + half);
      await refused((good) => half + good);
    }
  });

  test('takes text for text and nothing else', async () => {
    for (const value of [7, 0, true, false, [], {}]) await refused(() => value);
    await refused((good) => [good]);
    for (const operator of ['not', 'contains', 'equals', 'in', 'set', 'toString', '__proto__']) {
      await refused(() => JSON.parse(`{"${operator}":""}`));
      await refused((good) => JSON.parse(`{"${operator}":${JSON.stringify(good)}}`));
    }
  });

  /** Sends a body as it is, byte for byte. */
  const sendBytes = async (body: Buffer) => {
    const { path, verb = 'post', visitor } = forms[form]!;
    const headers = {
      'Content-Type': 'application/json',
      ...(!visitor && { Authorization: `Bearer ${jar.parent.access}` }),
    };
    const response = await fetch(api.address + path(), {
      method: verb.toUpperCase(),
      headers,
      body,
    });
    return { status: response.status, body: await response.json() };
  };

  const [field] = Object.keys(forms[form]!.good);
  const malformed = { status: 400, body: { detail: expect.any(String), code: 'malformed' } };

  test.each([
    'ff',
    '80',
    'c080',
    'c3',
    'e282',
    'eda080',
    'edb080',
    'f0808080',
    'f4908080',
    'f8a1a1a1a1',
    '41c32841',
  ])('refuses the bytes %s, which are no UTF-8', async (hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(
      await sendBytes(Buffer.concat([Buffer.from(`{"${field}":"a`), bytes, Buffer.from('"}')])),
    ).toEqual(malformed);
    expect(
      await sendBytes(Buffer.concat([Buffer.from('{"'), bytes, Buffer.from('":""}')])),
    ).toEqual(malformed);
  });

  test('refuses control characters that JSON must escape', async () => {
    for (const control of CONTROLS.slice(0, 32)) {
      expect(await sendBytes(Buffer.from(`{"${field}":"a${control}b"}`))).toEqual(malformed);
    }
  });

  test('takes nothing by the way of a prototype', async () => {
    const { good, more } = forms[form]!;
    const all = JSON.stringify({ ...good, ...more, is_staff: true });
    const body = `{"__proto__":${all},"constructor":{"prototype":${all}}}`;
    expect(await sendBytes(Buffer.from(body))).toEqual(await sendBytes(Buffer.from('{}')));
    expect(({} as Record<string, unknown>)['is_staff']).toBeUndefined();
  });
});

/** Stores a text in a field of its own and gives it back as answered then and as read later. */
const stores: Record<string, (text: string) => Promise<unknown[]>> = {
  username: (username) => ofParent('username', { username }),
  first_name: (first_name) => ofParent('first_name', { first_name }),
  last_name: (last_name) => ofParent('last_name', { last_name }),
  name: async (name) => {
    const { body } = await send('adding a child', { name }).expect(201);
    const { body: read } = await api.get(`/children/${body.id}/`, jar.parent.access);
    return [body.name, read.name];
  },
  title: (title) => ofCampaign('title', { title }),
  description: (description) => ofCampaign('description', { description }),
  comment: (comment) => ofGift('comment', { comment }),
  donor_name: (donor_name) => ofGift('donor_name', { donor_name }),
};

async function ofParent(field: string, fields: object): Promise<unknown[]> {
  const { access } = await registerParent(api);
  const { body } = await api.put('/parents/me/', fields, access).expect(200);
  const { body: read } = await api.get('/parents/me/', access);
  await api.delete('/parents/me/', access).expect(204);
  return [body[field], read[field]];
}

async function ofCampaign(field: string, fields: object): Promise<unknown[]> {
  const { body } = await send('opening a campaign', fields).expect(201);
  const { body: changed } = await send('changing a campaign', fields).expect(200);
  const read = await api.get(`/campaigns/${body.id}/`).expect('X-Content-Type-Options', 'nosniff');
  expect(read.headers['content-type']).toBe('application/json; charset=utf-8');
  return [body[field], changed[field], read.body[field]];
}

async function ofGift(field: string, fields: object): Promise<unknown[]> {
  const path = `/campaigns/${jar.campaign.id}/donations/`;
  const { body } = await api.post(path, guestGift(fields)).expect(201);
  const { body: read } = await api.get(path);
  return [body[field], read[0][field]];
}

describe.each(Object.keys(stores))('%s', (field) => {
  const keeps = async (text: string, as = text) => {
    for (const stored of await stores[field]!(text)) expect(stored, text).toBe(as);
  };

  test('is trimmed', () => keeps(' \u00a0\u3000\ufeff\t\n Lena  Marie \r\n\u2003', 'Lena  Marie'));

  test('is stored in the composed form', async () => {
    await keeps('Ame\u0301lie', 'Am\u00e9lie');
    await keeps('\u1112\u1161\u11ab\u212b\u2126', '\ud55c\u00c5\u03a9');
    await keeps('ﬁne ½ x²');
  });

  test.each([
    '<script>alert("1")</script>',
    '<b>Lena</b> &amp; &lt;Tom&gt; \'"`',
    '<img src=x onerror=alert(1)>',
    '{{constructor.constructor("x")()}} ${7*7} %s %00 \\u0000 \\',
    "'; DROP TABLE parents; --",
    '👩‍👩‍👧‍👦🏳️‍🌈 \u202eתורה\u202c العربية \u0085x \uffff\u{10ffff}',
    '__proto__',
    'constructor',
    'null',
    'undefined',
    '[object Object]',
  ])('keeps %s as it is', (text) => keeps(text));
});

test.each(LONG)('%s has the line ends of forms as newlines', async (field) => {
  for (const stored of await stores[field]!('One\r\n\r\n\tTwo'))
    expect(stored).toBe('One\n\n\tTwo');
});

test.each(LONG)('%s keeps tabs and newlines', async (field) => {
  const text = 'One\n\n\tTwo\n- three';
  for (const stored of await stores[field]!(text)) expect(stored).toBe(text);
});
