import { afterAll, expect, test } from 'vitest';
import { Thread } from '../src/core/thread.js';
import { useApi } from './support/api.js';
import type { Order } from './support/obedient-thread.js';
import { PATIENCE } from './support/patience.js';

const api = useApi();
const thread = new Thread(new URL('support/obedient-thread.ts', import.meta.url));
const ask = (order: Order, longest = PATIENCE) => thread.ask(order, longest);

afterAll(() => thread.end());

/** Keeps the thread busy until it is told to go on. */
function hold(longest?: number) {
  const wait = new SharedArrayBuffer(4);
  const goOn = () => {
    Atomics.store(new Int32Array(wait), 0, 1);
    Atomics.notify(new Int32Array(wait), 0);
  };
  return { answer: ask({ wait }, longest), goOn };
}

test('requests are answered while a thread is busy', async () => {
  const order: string[] = [];
  const { answer, goOn } = hold();
  const finished = answer.then(() => order.push('thread'));
  await api.get('/health/live').expect(200);
  order.push('request');
  goOn();
  await finished;
  expect(order).toEqual(['request', 'thread']);
});

test.each([
  ['fail', 'as ordered'],
  ['leave', 'the thread has ended'],
  ['hoard', 'memory'],
] as const)(
  'a thread that is told to %s ends its request, and another starts',
  async (order, error) => {
    await expect(ask(order)).rejects.toThrow(error);
    expect(await ask('answer')).toBe('done');
  },
);

test('a thread that takes too long is ended, and another starts', async () => {
  await expect(hold(1).answer).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  expect(await ask('answer')).toBe('done');
});

test('a thread that was ended starts again when it is asked', async () => {
  const { answer } = hold();
  const failed = expect(answer).rejects.toThrow('the thread has ended');
  await thread.end();
  await failed;
  expect(await ask('answer')).toBe('done');
});
