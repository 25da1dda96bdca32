import { afterAll, afterEach, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { expectError } from './support/bare-http.js';
import { openSwitchableProxy, type SwitchableProxy } from './support/switchable-proxy.js';
import { PATIENCE } from './support/patience.js';

let proxy: SwitchableProxy;
const api = useApi({
  rateLimit: true,
  waits: { response: 4_700, count: 1_000, countRecovery: 500 },
  through: async (url) => {
    proxy = await openSwitchableProxy(url);
    return proxy.url;
  },
});
afterEach(() => proxy.restore());
afterAll(() => proxy.close());

const guess = (email: string) => api.post('/api/token/', { email, password: 'not the password' });
const refresh = () => api.post('/api/token/refresh/', { refresh: 'bad' });

// The database itself would be waited for much longer here.
test('while the network swallows everything, a count is not waited for as long as the database', async () => {
  await guess('ben@example.com');
  proxy.freeze();
  expectError(await refresh(), 401, 'token_not_valid');
  const calls = [guess('ben@example.com'), guess('cat@example.com'), guess('dan@example.com')];
  for (const response of await Promise.all(calls)) expectError(response, 503, 'unavailable');
});

test('without the database limits are kept in memory, and the calls answer for themselves', async () => {
  await proxy.refuse();
  for (let i = 0; i < 10; i += 1) expectError(await guess('ann@example.com'), 503, 'unavailable');
  const throttled = await guess('ann@example.com');
  expectError(throttled, 429, 'throttled');
  expect(Number(throttled.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  // What needs no database still works.
  expectError(await refresh(), 401, 'token_not_valid');
  expect(api.logged.join('')).toContain('limits are kept in memory');
});

test('once the database is back, its counts hold again', async () => {
  await proxy.refuse();
  expectError(await guess('eve@example.com'), 503, 'unavailable');
  await proxy.restore();
  const stored = () =>
    api.database.sql(`SELECT 1 FROM rate_limits WHERE key LIKE 'refresh%' AND points > 0`);
  await expect
    .poll(
      async () => {
        await refresh();
        return (await stored()).length;
      },
      { timeout: PATIENCE },
    )
    .toBe(1);
});
