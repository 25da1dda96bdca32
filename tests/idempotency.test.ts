import type supertest from 'supertest';
import { afterEach, describe, expect, test } from 'vitest';
import { forgetOldRequests } from '../src/http/api/idempotency-store.js';
import { useApi } from './support/api.js';
import { send, sendBytes } from './support/bare-http.js';
import { donate, guestGift, openJar, registerParent, yearsAgo } from './support/factories.js';
import { postKeyed, rememberedRequests } from './support/keyed.js';

const HOUR = 3_600_000;

const api = useApi();
afterEach(() => {
  api.clock.now = null;
});

type Jar = Awaited<ReturnType<typeof openJar>>;

const giftsPath = ({ campaign }: Jar) => `/campaigns/${campaign.id}/donations/`;
const countOfGifts = async (jar: Jar) =>
  (await api.get(giftsPath(jar)).expect(200)).body.length as number;
const setOpen = (jar: Jar, isOpen: boolean) =>
  api.put(`/campaigns/${jar.campaign.id}/`, { is_open: isOpen }, jar.parent.access).expect(200);

function expectReplayOf(first: supertest.Response, again: supertest.Response): void {
  expect(again.status).toBe(first.status);
  expect(again.text).toBe(first.text);
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(again.headers['content-type']).toBe(first.headers['content-type']);
  expect(again.headers['cache-control']).toBe('no-store');
  expect(again.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
  expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  expect(first.headers).not.toHaveProperty('idempotent-replayed');
}

/** Each endpoint that is done once for a key, how it is called, and the list that shows what it did. */
const ENDPOINTS: Record<string, (jar: Jar, giftId: number) => [path: string, body: object]> = {
  'POST /parents/:id/children/': () => [
    '/parents/me/children/',
    { name: 'Ben Sommer', date_of_birth: yearsAgo(7), gender: 'male' },
  ],
  'POST /children/:id/campaigns/': ({ child }) => [
    `/children/${child.id}/campaigns/`,
    { title: 'Boots', description: 'Red.', goal: 90, category: 'sports', deadline: '2999-01-01' },
  ],
  'POST /campaigns/:id/donations/': (jar) => [giftsPath(jar), { amount: 5, comment: 'For Mia' }],
  'POST /donations/:id/refunds/': (_jar, giftId) => [
    `/donations/${giftId}/refunds/`,
    { amount: 1, reason: 'On sale' },
  ],
};

describe.each(Object.entries(ENDPOINTS))('%s', (_name, callOf) => {
  async function prepare() {
    const jar = await openJar(api);
    const gift = await donate(api, jar.campaign);
    const [path, body] = callOf(jar, gift.id);
    const { access } = jar.parent;
    return {
      body,
      access,
      path,
      post: (key: string, sent: object = body) => postKeyed(api, key, path, sent, access),
      count: async () => (await api.get(path, access).expect(200)).body.length as number,
    };
  }

  test('does the same request once, and answers it as the first time', async () => {
    const { post, count } = await prepare();
    const before = await count();
    const first = await post('once').expect(201);
    for (let times = 0; times < 3; times += 1) expectReplayOf(first, await post('once'));
    expect(await count()).toBe(before + 1);
    const other = await post('another').expect(201);
    expect(other.body.id).not.toBe(first.body.id);
    expect(await count()).toBe(before + 2);
  });

  test('refuses the key with another body, whatever is other in it', async () => {
    const { post, body, count } = await prepare();
    await post('once').expect(201);
    const after = await count();
    const [name, value] = Object.entries(body)[0] as [string, unknown];
    const others = [
      { ...body, [name]: `${String(value)}0` },
      { ...body, [name]: null },
      { ...body, added: true },
      {},
      Object.entries(body).sort(),
    ];
    for (const other of others) {
      const { body: refusal } = await post('once', other).expect(422);
      expect(refusal).toEqual({ detail: expect.any(String), code: 'idempotency_mismatch' });
    }
    expect(await count()).toBe(after);
  });

  test('answers as it does without a key', async () => {
    const { post, path, body, access, count } = await prepare();
    const before = await count();
    const remembered = await rememberedRequests(api);
    const plain = await api.post(path, body, access).expect(201);
    await api.post(path, body, access).expect(201);
    expect(await count()).toBe(before + 2);
    expect(plain.headers).not.toHaveProperty('idempotent-replayed');
    expect(await rememberedRequests(api)).toEqual(remembered);

    const keyed = await post('once').expect(201);
    const ownWords = Object.keys(plain.body).filter(
      (name) => !/^(id|date_\w+|seconds_\w+)$/.test(name),
    );
    expect(Object.keys(keyed.body)).toEqual(Object.keys(plain.body));
    for (const name of ownWords) expect(keyed.body[name], name).toEqual(plain.body[name]);
    for (const date of ['date_donated', 'date_created'].filter((name) => name in keyed.body)) {
      expect(Math.abs(Date.parse(keyed.body[date]) - Date.now()), date).toBeLessThan(HOUR / 2);
    }
  });

  test('asks for who it is before it answers again', async () => {
    const { post, path, body } = await prepare();
    const first = await post('once').expect(201);
    await postKeyed(api, 'once', path, body, 'bad').expect(401);
    const stranger = await registerParent(api);
    const others = await postKeyed(api, 'once', path, body, stranger.access);
    expect(others.headers).not.toHaveProperty('idempotent-replayed');
    expect(others.text).not.toBe(first.text);
    if (/children|campaigns\/$|refunds/.test(path) && !path.includes('/me/')) {
      expect(others.status).toBe(403);
      await postKeyed(api, 'once', path, body).expect(401);
    }
  });
});

describe('a request is the same', () => {
  test('when its names come in another order, with other white space', async () => {
    const jar = await openJar(api);
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': 'order' };
    const post = (text: string) => send(api, 'POST', giftsPath(jar), headers, text);
    const first = await post('{"amount":5,"donor_name":"Kate","donor_email":"kate@example.org"}');
    expect(first.status).toBe(201);
    const again = await post(
      '\n{ "donor_email" : "kate@example.org",\t"donor_name":"K\\u0061te", "amount": 5 }\n',
    );
    expect(again).toMatchObject({ status: 201, text: first.text });
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  test('with and without the slash at the end', async () => {
    const jar = await openJar(api);
    const first = await postKeyed(api, 'slash', giftsPath(jar), guestGift()).expect(201);
    expectReplayOf(first, await postKeyed(api, 'slash', giftsPath(jar).slice(0, -1), guestGift()));
  });

  test('however its path is spelled', async () => {
    const { parent, campaign } = await openJar(api);
    const gift = await donate(api, campaign);
    const escaped = (id: number) => `%3${String(id).at(0)}${String(id).slice(1)}`;
    const spellings: [body: object, ...paths: string[]][] = [
      [
        { amount: 1 },
        ...[gift.id, escaped(gift.id)].map((id) => `/donations/${id}/refunds/`),
        `/donations/${gift.id}/refunds?again=1`,
      ],
      [
        { name: 'Ben Sommer', date_of_birth: yearsAgo(7) },
        ...['me', '%6de', 'm%65', parent.id, escaped(parent.id)].map(
          (id) => `/parents/${id}/children/`,
        ),
      ],
    ];
    for (const [body, path, ...others] of spellings) {
      const first = await postKeyed(api, 'spelled', path!, body, parent.access).expect(201);
      for (const other of others) {
        expectReplayOf(first, await postKeyed(api, 'spelled', other, body, parent.access));
      }
    }
  });
});

test('callers and addresses have keys of their own; guests share theirs', async () => {
  const [jar, other] = [await openJar(api), await openJar(api)];
  const [one, two] = [await registerParent(api), await registerParent(api)];
  const calls = [
    () => postKeyed(api, 'mine', giftsPath(jar), guestGift()),
    () => postKeyed(api, 'mine', giftsPath(other), guestGift()),
    () => postKeyed(api, 'mine', giftsPath(jar), guestGift(), one.access),
    () => postKeyed(api, 'mine', giftsPath(jar), guestGift({ amount: 7 }), two.access),
  ];
  const firsts: supertest.Response[] = [];
  for (const call of calls) firsts.push(await call().expect(201));
  expect(new Set(firsts.map(({ body }) => body.id)).size).toBe(calls.length);
  for (const [index, call] of calls.entries()) expectReplayOf(firsts[index]!, await call());
  await postKeyed(api, 'mine', giftsPath(jar), guestGift({ amount: 7 })).expect(422);
  expect(await countOfGifts(jar)).toBe(3);
});

describe('what is remembered', () => {
  test('a refusal of the rules, though they would say yes now', async () => {
    const jar = await openJar(api, { is_open: false });
    const first = await postKeyed(api, 'closed', giftsPath(jar), guestGift()).expect(409);
    expect(first.body.code).toBe('campaign_closed');
    await setOpen(jar, true);
    expectReplayOf(first, await postKeyed(api, 'closed', giftsPath(jar), guestGift()));
    await postKeyed(api, 'closed', giftsPath(jar), guestGift({ amount: 9 })).expect(422);
    expect(await countOfGifts(jar)).toBe(0);
    await postKeyed(api, 'opened', giftsPath(jar), guestGift()).expect(201);
  });

  test('a success, though the rules would say no now', async () => {
    const deadline = new Date(Date.now() + HOUR).toISOString();
    const jar = await openJar(api, { deadline, close_at_deadline: true });
    const first = await postKeyed(api, 'in time', giftsPath(jar), guestGift()).expect(201);
    api.clock.now = new Date(Date.now() + 2 * HOUR);
    await postKeyed(api, 'late', giftsPath(jar), guestGift()).expect(409);
    expectReplayOf(first, await postKeyed(api, 'in time', giftsPath(jar), guestGift()));
  });

  test('not what was not valid: corrected, it is done with the same key', async () => {
    const jar = await openJar(api);
    const bad = guestGift({ amount: 0 });
    await postKeyed(api, 'corrected', giftsPath(jar), bad).expect(400);
    await postKeyed(api, 'corrected', giftsPath(jar), bad).expect(400);
    const first = await postKeyed(api, 'corrected', giftsPath(jar), guestGift()).expect(201);
    expectReplayOf(first, await postKeyed(api, 'corrected', giftsPath(jar), guestGift()));
    await postKeyed(api, 'corrected', giftsPath(jar), bad).expect(422);
    expect(await countOfGifts(jar)).toBe(1);
  });

  test('not that there is nothing', async () => {
    const before = await rememberedRequests(api);
    await postKeyed(api, 'nothing', '/campaigns/999999/donations/', guestGift()).expect(404);
    await postKeyed(api, 'nothing', '/campaigns/abc/donations/', guestGift()).expect(404);
    expect(await rememberedRequests(api)).toEqual(before);
  });

  test('for 24 hours', async () => {
    const jar = await openJar(api);
    const began = new Date();
    const at = (milliseconds: number) => {
      api.clock.now = new Date(began.getTime() + milliseconds);
      return postKeyed(api, 'a day', giftsPath(jar), guestGift());
    };
    const first = await at(0).expect(201);
    expectReplayOf(first, await at(24 * HOUR - 1000));
    const second = await at(24 * HOUR + 1000).expect(201);
    expect(second.body.id).not.toBe(first.body.id);
    expectReplayOf(second, await at(47 * HOUR));
    expect(await countOfGifts(jar)).toBe(2);
  });

  test('and then forgotten by a job', async () => {
    const jar = await openJar(api);
    const rows = async () =>
      (
        await api.database.sql<{ at: Date }>(
          'SELECT created_at AS at FROM idempotent_requests WHERE campaign_id = $1 ORDER BY 1',
          [jar.campaign.id],
        )
      ).map(({ at }) => at.getTime());
    const now = new Date();
    const times = [25 * HOUR, 24 * HOUR, 24 * HOUR - 1, 0].map((ago) => now.getTime() - ago);
    for (const time of times) {
      api.clock.now = new Date(time);
      await postKeyed(api, `at ${time}`, giftsPath(jar), guestGift()).expect(201);
    }
    expect(await rows()).toEqual(times);
    await forgetOldRequests({ db: api.db, now });
    expect(await rows()).toEqual(times.slice(2));
    expect(await countOfGifts(jar)).toBe(4);
  });
});

describe('a key', () => {
  test.each(['', ' ', 'k'.repeat(256), 'clé', 'two\twords', 'ключ'.repeat(2)])(
    'is not %j',
    async (key) => {
      const jar = await openJar(api);
      const sent = Buffer.from(key).toString('latin1');
      const { body } = await postKeyed(api, sent, giftsPath(jar), guestGift()).expect(400);
      expect(body).toEqual({ idempotency_key: [expect.any(String)] });
      expect(await countOfGifts(jar)).toBe(0);
    },
  );

  test.each([0, 1, 10, 13, 27, 127])('has no control character: %d', async (code) => {
    const jar = await openJar(api);
    const text = JSON.stringify(guestGift());
    const { status } = await sendBytes(
      api,
      `POST ${giftsPath(jar)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`,
      `Content-Length: ${text.length}\r\nConnection: close\r\n`,
      `Idempotency-Key: a${String.fromCharCode(code)}b\r\n\r\n${text}`,
    );
    expect(status).toBe(400);
    expect(await countOfGifts(jar)).toBe(0);
  });

  test.each(['k', 'k'.repeat(255), '~ !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}'])('is %j', async (key) => {
    const jar = await openJar(api);
    const first = await postKeyed(api, key, giftsPath(jar), guestGift()).expect(201);
    expectReplayOf(first, await postKeyed(api, key, giftsPath(jar), guestGift()));
  });

  test('means nothing where a request is not done once', async () => {
    const { parent, child } = await openJar(api);
    const remembered = await rememberedRequests(api);
    const register = (name: string) =>
      postKeyed(api, 'n', '/parents/', {
        username: name,
        email: `${name}@example.com`,
        password: 'correct horse battery',
      });
    await register('keyed-one').expect(201);
    await register('keyed-two').expect(201);
    const login = { email: parent.email, password: parent.password };
    const tokens = [
      await postKeyed(api, 'n', '/api/token/', login).expect(200),
      await postKeyed(api, 'n', '/api/token/', login).expect(200),
    ];
    expect(tokens[0]!.text).not.toBe(tokens[1]!.text);
    for (const name of ['Ann Sommer', 'Eva Sommer']) {
      const { body } = await api
        .put(`/children/${child.id}/`, { name }, parent.access)
        .set('Idempotency-Key', 'n'.repeat(300))
        .expect(200);
      expect(body.name).toBe(name);
    }
    expect(await rememberedRequests(api)).toEqual(remembered);
  });
});
