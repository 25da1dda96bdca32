import { beforeEach, expect, test } from 'vitest';
import type { Context } from '../src/context.js';
import { SharedAnswers, type SharedSource } from '../src/http/api/shared-answers.js';

let loads = 0;
let answers: SharedAnswers;
beforeEach(() => {
  loads = 0;
  answers = new SharedAnswers();
  answers.hear(true);
});

const ctx = { now: new Date() } as Context;

/** A source whose answer has so many characters. */
function sourceOf(key: string, length: number): SharedSource {
  return {
    key,
    load: () => {
      loads += 1;
      return Promise.resolve({
        present: () => ({ status: 200, body: 'x'.repeat(length) }),
        campaigns: [],
        dependsOn: 'its campaigns',
        deadlines: [],
      });
    },
  };
}

async function isRead(key: string, length: number): Promise<boolean> {
  const before = loads;
  await answers.answer(sourceOf(key, length), ctx);
  return loads > before;
}

test('of ten thousand pages the latest are kept, and the first no more', async () => {
  for (let page = 0; page < 10_000; page += 1) await isRead(`page ${page}`, 100);
  expect(loads).toBe(10_000);
  expect(await isRead('page 9999', 100)).toBe(false);
  expect(await isRead('page 8500', 100)).toBe(false);
  expect(await isRead('page 7500', 100)).toBe(true);
});

test('of large pages fewer are kept', async () => {
  const LARGE = 1_000_000;
  for (let page = 0; page < 30; page += 1) await isRead(`page ${page}`, LARGE);
  expect(await isRead('page 29', LARGE)).toBe(false);
  expect(await isRead('page 5', LARGE)).toBe(true);
});

test('of ten thousand addresses the latest are remembered, and long ones never', async () => {
  let understood = 0;
  const understand = () => {
    understood += 1;
    return Promise.resolve(sourceOf('page', 100));
  };
  for (let n = 0; n < 10_000; n += 1) await answers.sourceOf(`/campaigns/?n=${n}`, understand);
  const isUnderstood = async (address: string) => {
    const before = understood;
    await answers.sourceOf(address, understand);
    return understood > before;
  };
  expect(await isUnderstood('/campaigns/?n=9999')).toBe(false);
  expect(await isUnderstood('/campaigns/?n=0')).toBe(true);
  const long = `/campaigns/?${'n'.repeat(400)}`;
  expect(await isUnderstood(long)).toBe(true);
  expect(await isUnderstood(long)).toBe(true);
});

test('of who asks something nobody else does, nothing is kept', async () => {
  const words = { ...sourceOf('', 100), key: null };
  await answers.answer(words, ctx);
  await answers.answer(words, ctx);
  expect(loads).toBe(2);
});

test('a reading that fails fails for all who wait for it, and is tried again for the next', async () => {
  const failing: SharedSource = {
    key: 'page',
    load: () => {
      loads += 1;
      return Promise.reject(new Error('away'));
    },
  };
  const asked = [answers.answer(failing, ctx), answers.answer(failing, ctx)];
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
  ]);
  expect(loads).toBe(1);
  expect(await isRead('page', 100)).toBe(true);
});
