import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { useApi } from './support/api.js';
import { holdNextReading } from './support/held-reading.js';
import { started } from './support/locks.js';

const api = useApi();

test('all who ask for readiness at once share one question to the database', async () => {
  const reading = holdNextReading(api);
  const isReady = () => started(api.get('/health/ready').then(({ status }) => status));
  const first = isReady();
  await reading.hasRead;
  const asked = vi.spyOn(api.db, 'query');
  const others = [1, 2, 3].map(async () => {
    const arrived = once(api.server, 'request');
    const answer = isReady();
    await arrived;
    return { answer };
  });
  const answers = await Promise.all(others);
  // What is left to do until the database would be asked takes a few turns and waits for nothing.
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  reading.release();
  expect(await first).toBe(200);
  for (const { answer } of answers) expect(await answer).toBe(200);
  expect(asked).not.toHaveBeenCalled();
  // Whoever comes later gets news.
  expect(await isReady()).toBe(200);
  expect(asked).toHaveBeenCalledTimes(1);
});
