import type { Settings } from '../../context.js';
import { Refusal } from '../../core/errors.js';
import { Queue } from '../../core/queue.js';
import type { Limits } from './limits.js';

/** Seconds after which a refused parent may try again. */
const RETRY_AFTER = 1;

/** The requests of one parent: those worked on, and those that wait for their turn. */
interface Own {
  queue: Queue;
  size: number;
}

/**
 * Works on a few requests of each parent at once, and has a few more wait: one account must not take the whole pool of
 * connections to the database, however little each of its requests counts. Beyond that, 429 `throttled`.
 */
export function withTurns(limits: Limits, { bounds, waits }: Settings): Limits {
  const all = new Map<number, Own>();
  const inTurn = async <Result>(parent: number, work: () => Promise<Result>): Promise<Result> => {
    const own = all.get(parent) ?? { queue: new Queue(bounds.parentAtOnce, refusal), size: 0 };
    all.set(parent, own);
    own.size += 1;
    const turn = {
      lane: '',
      longestWait: waits.parentTurn,
      mostWaiting: bounds.parentWaiting,
      mostWaitingPerLane: bounds.parentWaiting,
    };
    try {
      return await own.queue.run(turn, work);
    } finally {
      own.size -= 1;
      if (own.size === 0) all.delete(parent);
    }
  };
  return {
    ...limits,
    within: (names, caller, isClientCounted, work) => {
      const counted = () => limits.within(names, caller, isClientCounted, work);
      return caller.parent ? inTurn(caller.parent.id, counted) : counted();
    },
  };
}

function refusal(): Refusal {
  return new Refusal('throttled', 'Wait until your other requests are answered.', RETRY_AFTER);
}
