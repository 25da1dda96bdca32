import bcrypt from 'bcrypt';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  isOfAnotherCost,
  isPassword,
} from '../src/features/accounts/passwords/passwords.service.js';
import { Queue, type Turn } from '../src/core/queue.js';
import { useApi } from './support/api.js';
import { expectError } from './support/bare-http.js';
import { FIGURES } from './support/figures.js';
import { registerParent } from './support/factories.js';
import { SOON } from './support/patience.js';

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

/** A turn in the queue, of somebody with time. */
const turn = (lane = 'a', fields: Partial<Turn> = {}): Turn => {
  return { lane, longestWait: 60_000, mostWaiting: 6, mostWaitingPerLane: 3, ...fields };
};

describe('the queue', () => {
  const full = () => new Error('full');

  /** A queue of one place that is taken, the order in which work began, and how to end each. */
  function takenQueue() {
    const queue = new Queue(1, full);
    const { work, endOne } = heldWork();
    const order: string[] = [];
    const join = (name: string, lane: string, fields: Partial<Turn> = {}) =>
      queue
        .run(turn(lane, fields), () => {
          order.push(name);
          return work();
        })
        .catch(() => void order.push(`${name} refused`));
    const all = [join('taken', 'x')];
    return {
      order,
      join: (...args: Parameters<typeof join>) => void all.push(join(...args)),
      finish: async () => {
        for (let i = 0; i < all.length; i += 1) await endOne();
        await Promise.all(all);
      },
    };
  }

  test('runs so many at once, the rest in turn, and refuses those there is no room for', async () => {
    const queue = new Queue(2, full);
    const { ends, work, endOne } = heldWork();
    const order: number[] = [];
    const accepted = [0, 1, 2, 3, 4].map((n) =>
      queue.run(turn(), () => {
        order.push(n);
        return work();
      }),
    );
    await expect(queue.run(turn(), work)).rejects.toThrow('full');
    expect(order).toEqual([0, 1]);
    for (let i = 0; i < 5; i += 1) {
      expect(ends.length).toBeLessThanOrEqual(2);
      await endOne();
    }
    await Promise.all(accepted);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('lanes take turns: who fills one keeps nobody else waiting', async () => {
    const { order, join, finish } = takenQueue();
    for (const name of ['a1', 'a2', 'a3']) join(name, 'a');
    for (const name of ['b1', 'b2']) join(name, 'b');
    join('c1', 'c');
    await finish();
    expect(order).toEqual(['taken', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  test('a lane is bounded, and in a full queue the longest makes room for a shorter one', async () => {
    const { order, join, finish } = takenQueue();
    for (const name of ['a1', 'a2', 'a3', 'a4']) join(name, 'a');
    for (const name of ['b1', 'b2', 'b3']) join(name, 'b');
    join('c1', 'c');
    await settled();
    expect(order).toEqual(['taken', 'a4 refused', 'a3 refused']);
    await finish();
    expect(order.slice(3)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'b3']);
  });

  test('a full queue of lanes that are no longer refuses the newcomer', async () => {
    const { order, join, finish } = takenQueue();
    for (const lane of ['a', 'b', 'c', 'd', 'e', 'f']) join(lane, lane);
    join('late', 'g');
    join('familiar', 'g', { isFirst: true });
    await settled();
    expect(order).toEqual(['taken', 'late refused', 'a refused']);
    await finish();
    expect(order.slice(3)).toEqual(['familiar', 'b', 'c', 'd', 'e', 'f']);
  });

  test('who goes first leaves every fourth turn to the others', async () => {
    const { order, join, finish } = takenQueue();
    const most = { mostWaiting: 20, mostWaitingPerLane: 20 };
    for (const name of ['s1', 's2']) join(name, 's', most);
    for (const name of ['f1', 'f2', 'f3', 'f4', 'f5']) join(name, 'f', { ...most, isFirst: true });
    await finish();
    expect(order).toEqual(['taken', 'f1', 'f2', 'f3', 's1', 'f4', 'f5', 's2']);
  });

  test('refuses who waited too long, and serves those behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const queue = new Queue(2, full);
    const { work, endOne } = heldWork();
    const brief = turn('a', { longestWait: 500 });
    const running = [queue.run(brief, work), queue.run(brief, work)];
    const early = queue.run(brief, work);
    vi.advanceTimersByTime(499);
    const late = queue.run(brief, () => Promise.resolve('served'));
    const refused = expect(early).rejects.toThrow('full');
    vi.advanceTimersByTime(1);
    await refused;
    await endOne();
    expect(await late).toBe('served');
    await endOne();
    await Promise.all(running);
  });

  test('passes its places on when work fails', async () => {
    const queue = new Queue(1, full);
    const failing = queue.run(turn(), () => Promise.reject(new Error('broken')));
    const next = queue.run(turn(), () => Promise.resolve('served'));
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('served');
    expect(await queue.run(turn(), () => Promise.resolve('again'))).toBe('again');
  });
});

describe('signing in under load', () => {
  const busy = useApi({ bcryptCost: 12, bounds: { passwordsWaitingPerNetwork: 0 } });

  test('who finds no place in the queue gets 503, and other calls are served', async () => {
    const tries = Array.from({ length: 8 }, (_, i) =>
      busy.post('/api/token/', { email: `n${i}@example.com`, password: PASSWORD }),
    );
    const answers = await Promise.all([...tries, busy.get('/campaigns/')]);
    expect(answers.pop()!.status).toBe(200);
    const refused = answers.filter(({ status }) => status === 503);
    expectError(refused[0]!, 503, 'unavailable');
    expect(refused[0]!.headers['retry-after']).toBe('1');
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(8 - refused.length);
  });
});

describe('those who wait to sign in', () => {
  const WAITING = 2;
  const crowded = useApi({
    rateLimit: true,
    trustProxy: 1,
    bounds: { passwordsWaitingPerNetwork: WAITING },
  });
  const logInFrom = (network: string, email: string, password: string) =>
    crowded.post('/api/token/', { email, password }).set('X-Forwarded-For', network);

  /** Holds all comparisons; each shows by its password from which network it came. */
  function heldComparisons() {
    const order: string[] = [];
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const compare = async (password: string | Buffer) => {
      order.push(String(password));
      await released;
      return false;
    };
    vi.spyOn(bcrypt, 'compare').mockImplementation(compare as never);
    const answers: Promise<number>[] = [];
    let refused = 0;
    /** Tries so often from a network, and waits until only those that fit its lane are still waiting. */
    const fill = async (network: string, tries: number, email?: string) => {
      const done = order.length + refused + tries - WAITING;
      for (let n = 0; n < tries; n += 1) {
        const trying = logInFrom(network, email ?? `n${n}@example.com`, network);
        const answer = trying.then(({ status }) => status);
        void answer.then((status) => (refused += Number(status === 503)));
        answers.push(answer);
      }
      await expect.poll(() => order.length + refused, SOON).toBeGreaterThanOrEqual(done);
    };
    const finish = async () => {
      const before = order.length;
      release();
      await Promise.all(answers);
      return order.slice(before);
    };
    return { fill, finish };
  }

  test('take turns by networks, so that nobody waits behind one that sends many', async () => {
    const { fill, finish } = heldComparisons();
    await fill('203.0.113.1', 2 + WAITING + 1);
    await fill('203.0.113.2', WAITING + 1);
    expect(await finish()).toEqual(['203.0.113.1', '203.0.113.2', '203.0.113.1', '203.0.113.2']);
  });

  test('wait behind whoever comes from where the account signed in lately', async () => {
    const { email } = await registerParent(crowded, { password: PASSWORD });
    await logInFrom('203.0.113.3', email, PASSWORD).expect(200);
    const { fill, finish } = heldComparisons();
    await fill('203.0.113.4', 2 + WAITING + 1);
    await fill('203.0.113.3', WAITING + 1, email);
    expect(await finish()).toEqual(['203.0.113.3', '203.0.113.3', '203.0.113.4', '203.0.113.4']);
  });
});

describe('known and unknown accounts', () => {
  const at = (bcryptCost: number) => {
    return { settings: { ...FIGURES, bcryptCost }, client: { network: 'here' } };
  };

  /** Rounds of bcrypt spent on a comparison. */
  async function roundsFor(hash: string | null, cost: number): Promise<number> {
    const compare = vi.spyOn(bcrypt, 'compare');
    await isPassword(at(cost), 'not the password', hash);
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
    expect(await isPassword(at(COST), '', null)).toBe(false);
    expect(await isPassword(at(COST), PASSWORD, null)).toBe(false);
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
