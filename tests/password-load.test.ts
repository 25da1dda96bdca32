import bcrypt from 'bcrypt';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isOfAnotherCost, isPassword } from '../src/core/passwords.js';
import { Queue } from '../src/core/queue.js';
import { useApi } from './support/api.js';
import { expectError } from './support/bare-http.js';
import { registerParent } from './support/factories.js';

const COST = 4;
const PASSWORD = 'correct horse battery';

const api = useApi();
const logIn = (email: string, password = PASSWORD) =>
  api.post('/api/token/', { email, password }).then((response) => response);

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Work that goes on until it is told to end. */
function heldWork() {
  const ends: (() => void)[] = [];
  const work = () => new Promise<void>((resolve) => ends.push(resolve));
  const endOne = async () => {
    ends.shift()?.();
    await settled();
  };
  return { ends, work, endOne };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** bcrypt's comparisons, held until told to go on. */
function holdComparisons() {
  const { ends, work, endOne } = heldWork();
  const never = (): unknown => work().then(() => false);
  vi.spyOn(bcrypt, 'compare').mockImplementation(never);
  return { ends, endOne };
}

describe('the queue', () => {
  const limits = { atOnce: 2, mostWaiting: 3, refusal: () => new Error('full') };

  test('runs so many at once, the rest in turn, and refuses those there is no room for', async () => {
    const queue = new Queue(limits);
    const { ends, work, endOne } = heldWork();
    const order: number[] = [];
    const accepted = [0, 1, 2, 3, 4].map((n) =>
      queue.run(500, () => {
        order.push(n);
        return work();
      }),
    );
    await expect(queue.run(500, work)).rejects.toThrow('full');
    expect(order).toEqual([0, 1]);
    for (let i = 0; i < 5; i += 1) {
      expect(ends.length).toBeLessThanOrEqual(2);
      await endOne();
    }
    await Promise.all(accepted);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('refuses who waited too long, and serves those behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const queue = new Queue(limits);
    const { work, endOne } = heldWork();
    const running = [queue.run(500, work), queue.run(500, work)];
    const early = queue.run(500, work);
    vi.advanceTimersByTime(499);
    const late = queue.run(500, () => Promise.resolve('served'));
    const refused = expect(early).rejects.toThrow('full');
    vi.advanceTimersByTime(1);
    await refused;
    await endOne();
    expect(await late).toBe('served');
    await endOne();
    await Promise.all(running);
  });

  test('passes its places on when work fails', async () => {
    const queue = new Queue({ ...limits, atOnce: 1 });
    const failing = queue.run(500, () => Promise.reject(new Error('broken')));
    const next = queue.run(500, () => Promise.resolve('served'));
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('served');
    expect(await queue.run(500, () => Promise.resolve('again'))).toBe('again');
  });
});

describe('signing in under load', () => {
  test('compares at most two passwords at once, and refuses with 503 what waits too long', async () => {
    const { ends, endOne } = holdComparisons();
    const answers = Array.from({ length: 8 }, (_, i) => logIn(`n${i}@example.com`));
    const refused = await Promise.race(answers);
    expectError(refused, 503, 'unavailable');
    expect(refused.headers['retry-after']).toBe('1');
    expect(ends.length).toBeGreaterThan(0);
    expect(ends.length).toBeLessThanOrEqual(2);
    await api.get('/campaigns/').expect(200);
    while (ends.length > 0) await endOne();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 503]));
  });
});

describe('known and unknown accounts', () => {
  /** Rounds of bcrypt spent on a comparison. */
  async function roundsFor(hash: string | null, cost: number): Promise<number> {
    const compare = vi.spyOn(bcrypt, 'compare');
    await isPassword('not the password', hash, cost);
    const hashes = compare.mock.calls.map(([, compared]) => compared);
    compare.mockRestore();
    return hashes.reduce((sum, compared) => sum + 2 ** bcrypt.getRounds(compared), 0);
  }

  test('take the same work, whether there is a hash and whatever lower cost it has', async () => {
    const work = 2 ** 8;
    expect(await roundsFor(null, 8)).toBe(work);
    expect(await roundsFor(await bcrypt.hash(PASSWORD, 8), 8)).toBe(work);
    expect(await roundsFor(await bcrypt.hash(PASSWORD, 5), 8)).toBe(work);
  });

  test('an unknown one can be signed in to with no password', async () => {
    expect(await isPassword('', null, COST)).toBe(false);
    expect(await isPassword(PASSWORD, null, COST)).toBe(false);
  });
});

describe('a hash of another cost', () => {
  const storeHash = async (id: number, cost: number) =>
    api.database.sql('UPDATE parents SET password_hash = $2 WHERE id = $1', [
      id,
      await bcrypt.hash(PASSWORD, cost),
    ]);
  const storedHash = async (id: number) => {
    const rows = await api.database.sql<{ hash: string }>(
      'SELECT password_hash AS hash FROM parents WHERE id = $1',
      [id],
    );
    return rows[0]!.hash;
  };

  test.each([5, 6])('%i becomes one of today when its parent signs in', async (cost) => {
    const { id, email } = await registerParent(api, { password: PASSWORD });
    await storeHash(id, cost);
    expect((await logIn(email, 'not the password')).status).toBe(401);
    expect(isOfAnotherCost(await storedHash(id), cost)).toBe(false);
    expect((await logIn(email)).status).toBe(200);
    expect(isOfAnotherCost(await storedHash(id), COST)).toBe(false);
    expect((await logIn(email)).status).toBe(200);
  });

  test('lets all in who sign in at once', async () => {
    const { id, email } = await registerParent(api, { password: PASSWORD });
    await storeHash(id, 6);
    const answers = await Promise.all(Array.from({ length: 8 }, () => logIn(email)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(8).fill(200));
    expect(isOfAnotherCost(await storedHash(id), COST)).toBe(false);
  });
});
