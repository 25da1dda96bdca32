import { expect, test } from 'vitest';
import { useApi } from './support/api.js';

/** Two servers with pools of their own, as two processes have them, on one database. */
const one = useApi({ rateLimit: true });
const other = useApi({ rateLimit: true, through: () => Promise.resolve(one.database.url) });

const guess = (api: typeof one, email: string) =>
  api.post('/api/token/', { email, password: 'not the password' });

test('what one process counted, the other counts on', async () => {
  for (let i = 0; i < 5; i += 1) {
    await guess(one, 'ann@example.com').expect(401);
    await guess(other, 'ann@example.com').expect(401);
  }
  await guess(one, 'ann@example.com').expect(429);
  await guess(other, 'ann@example.com').expect(429);
});

test('of forty guesses at once, twenty at each, ten are compared', async () => {
  const guesses = Array.from({ length: 20 }, () => [
    guess(one, 'ben@example.com'),
    guess(other, 'ben@example.com'),
  ]);
  const statuses = (await Promise.all(guesses.flat())).map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(30);
});
