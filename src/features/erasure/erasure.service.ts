import { setTimeout as wait } from 'node:timers/promises';
import type { Context, JobContext } from '../../context.js';
import { databaseWithin, type Database, type Transaction } from '../../database/client.js';
import { alone, enqueue } from '../../database/enqueue.js';
import {
  eraseBatch,
  findErasures,
  finishErasure,
  forgetOneComment,
  STEPS,
  type Erasure,
} from './erasure.queries.js';

/** Erasures that one look at the list gives. */
const MOST_LISTED = 100;

/** Erasures that a deletion handles itself: those of an ordinary family. */
const MOST_AT_ONCE = 20;

/** Comments that one run forgets; each is a commit of its own. */
const MOST_COMMENTS = 1_000;

const TASK = 'erase_deleted';

/** What one run may still do. */
interface Allowance {
  rows: number;
  batches: number;
  /** How long to rest after a batch, as a multiple of its time. */
  rest: number;
}

/**
 * For the transaction of a deletion: erases at once what is few, and leaves the rest to the job. Either way nothing of
 * it is seen once the transaction commits.
 */
export async function eraseAtOnce(
  ctx: Pick<Context, 'now' | 'settings'>,
  tx: Transaction,
): Promise<void> {
  const db = databaseWithin(tx);
  const allowance = { rows: ctx.settings.erasure.batch, batches: Infinity, rest: 0 };
  const erasures = await findErasures(db, { most: MOST_AT_ONCE + 1, ofThisTransaction: true });
  const few = erasures.slice(0, MOST_AT_ONCE);
  if (erasures.length > MOST_AT_ONCE || !(await eraseAll({ ...ctx, db }, few, allowance))) {
    await enqueue(tx, TASK, {}, alone(TASK));
  }
}

/**
 * The job: goes on with what deletions have left, in batches and with rests, and comes again if there is more. It may
 * be killed at any moment and run in parallel: a batch is one statement, and takes only rows that still refer to
 * what was deleted.
 */
export async function eraseDeleted(ctx: JobContext, signal?: AbortSignal): Promise<void> {
  const { batchesARun, rest } = ctx.settings.erasure;
  const allowance = { rows: Infinity, batches: batchesARun, rest };
  const erasures = await findErasures(ctx.db, { most: MOST_LISTED });
  const isDone = await eraseAll(ctx, erasures, allowance, signal);
  if (isDone && erasures.length < MOST_LISTED) return;
  await ctx.db.transaction((tx) => enqueue(tx, TASK, {}, alone(TASK)));
}

/** The other job: forgets comments of anonymous donations at the moments that were drawn for them. */
export async function forgetComments(ctx: JobContext, signal?: AbortSignal): Promise<void> {
  for (let count = 0; count < MOST_COMMENTS && !signal?.aborted; count += 1) {
    if (!(await forgetOneComment(ctx.db, ctx.now))) return;
  }
}

type Erasing = Pick<Context, 'now' | 'settings'> & { db: Database };

/** Gives whether all was looked through; what others have locked meanwhile is left for another run. */
async function eraseAll(
  ctx: Erasing,
  erasures: Erasure[],
  allowance: Allowance,
  signal?: AbortSignal,
): Promise<boolean> {
  let isDone = true;
  for (const erasure of erasures) {
    if (!(await eraseOne(ctx, erasure, allowance, signal))) return false;
    isDone = (await finishErasure(ctx.db, erasure)) && isDone;
  }
  // A run that only met locks must not come again at once: the schedule brings the next one.
  return isDone || allowance.batches !== Infinity;
}

async function eraseOne(
  { db, now, settings }: Erasing,
  erasure: Erasure,
  allowance: Allowance,
  signal?: AbortSignal,
): Promise<boolean> {
  const { batch, commentsWithin } = settings.erasure;
  for (const step of STEPS[erasure.kind]) {
    let after = 0;
    for (let isMore = true; isMore;) {
      if (allowance.batches === 0 || allowance.rows === 0 || signal?.aborted) return false;
      const began = performance.now();
      const size = Math.min(batch, allowance.rows);
      const values = { erasure, after, size, now, commentsWithin };
      const { handled, last } = await eraseBatch(db, step, values);
      isMore = handled === size;
      after = last ?? after;
      allowance.rows -= handled;
      allowance.batches -= 1;
      if (allowance.rest > 0) await wait((performance.now() - began) * allowance.rest);
    }
  }
  return true;
}
