import type supertest from 'supertest';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, type LimitRule } from '../src/config/limit-figures.js';
import { useApi } from './support/api.js';
import { expectError } from './support/bare-http.js';
import { registerParent } from './support/factories.js';

const PER_PARENT = 3;
const PER_CLIENT = 5;

const { calls, rules } = DEFAULT_LIMITS.changeParent;
const fewer = (rules as LimitRule[]).map((rule) => ({
  ...rule,
  max: rule.per.includes('client address') ? PER_CLIENT : PER_PARENT,
}));
const api = useApi({
  rateLimit: true,
  trustProxy: 1,
  limits: { changeParent: { calls, rules: fewer } },
});

const change = (access: string, body: object, from = '203.0.113.1'): supertest.Test =>
  api.patch('/parents/me/', body, access).set('X-Forwarded-For', from);

/** Tells whether the name is taken, and changes nothing, for another field is bad. */
const probe = (username: string) => ({ username, first_name: 7 });

test('tries of usernames are counted though another field is bad', async () => {
  const { username } = await registerParent(api);
  const { access } = await registerParent(api);
  for (let n = 0; n < PER_PARENT; n += 1) {
    const { body } = await change(access, probe(username)).expect(400);
    expect(Object.keys(body).sort()).toEqual(['first_name', 'username']);
  }
  expectError(await change(access, probe(username)), 429, 'throttled');
  expectError(await change(access, probe('nobody')), 429, 'throttled');
  await change(access, { last_name: 'Berg' }).expect(200);
});

test.each(['username', 'email'])(
  'tries of a %s by many accounts are counted for the client address',
  async (field) => {
    const address = field === 'email' ? '203.0.113.2' : '203.0.113.3';
    const tries: supertest.Response[] = [];
    for (let n = 0; n <= PER_CLIENT; n += 1) {
      const { access } = await registerParent(api);
      const body = { [field]: `n${n}@example.com`, current_password: 7, first_name: 7 };
      tries.push(await change(access, body, address));
    }
    const last = tries.pop()!;
    expect(tries.map(({ status }) => status)).toEqual(Array<number>(PER_CLIENT).fill(400));
    expectError(last, 429, 'throttled');
    const { access } = await registerParent(api);
    await change(access, { [field]: 'other@example.com', first_name: 7 }, '203.0.113.4').expect(
      400,
    );
  },
);
