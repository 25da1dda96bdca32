import { setTimeout as wait } from 'node:timers/promises';
import type { Context, JobContext } from '../../context.js';
import { databaseWithin, type Transaction } from '../../database/client.js';
import { statement } from '../../database/statement.js';
import { alone, enqueue } from '../../database/enqueue.js';

const TASK = 'index_campaigns';

/** Campaigns that a rename indexes at most, however short they are. */
const MOST_AT_ONCE = 100;

/** Rows that a donation or a change has locked are left to the job: a rename waits for nobody. */
const NEWEST_OF_CHILD = statement(`
  SELECT picked.id FROM (
    SELECT c.id FROM campaigns c JOIN (
      SELECT id, sum(octet_length(title) + octet_length(description)) OVER (ORDER BY id DESC) AS bytes
        FROM campaigns WHERE child_id = $1 ORDER BY id DESC LIMIT ${MOST_AT_ONCE}) newest USING (id)
     WHERE newest.bytes <= $2 FOR NO KEY UPDATE OF c SKIP LOCKED) picked
  CROSS JOIN LATERAL write_search_text(picked.id)`);

const LEFT_OF_CHILD = statement(`
  SELECT EXISTS (SELECT FROM campaigns c JOIN campaigns_to_index r ON r.campaign_id = c.id
                  WHERE c.child_id = $1) AS "isLeft"`);

const NEXT = statement(`
  SELECT picked.id FROM (
    SELECT c.id FROM campaigns_to_index r JOIN campaigns c ON c.id = r.campaign_id
     ORDER BY r.marked_at, r.campaign_id DESC LIMIT 1 FOR NO KEY UPDATE OF c SKIP LOCKED) picked
  CROSS JOIN LATERAL write_search_text(picked.id)`);

/**
 * For the transaction that gives a child another public name: indexes its newest campaigns at once, and leaves the
 * rest to the job. Searches never match the old name meanwhile: of a campaign that waits they check the live text.
 */
export async function indexAtOnce(
  { settings }: Pick<Context, 'settings'>,
  tx: Transaction,
  childId: number,
): Promise<void> {
  await databaseWithin(tx).query(NEWEST_OF_CHILD, [childId, settings.indexing.atOnce]);
  await indexSoon(tx, childId);
}

/**
 * For a transaction that writes campaigns of a child: enqueues the job, if the database has left any to it. The
 * triggers do so with every long text.
 */
export async function indexSoon(tx: Transaction, childId: number): Promise<void> {
  const [row] = await databaseWithin(tx).query<{ isLeft: boolean }>(LEFT_OF_CHILD, [childId]);
  if (row!.isLeft) await enqueue(tx, TASK, {}, alone(TASK));
}

/**
 * The job: indexes what writes have left, one campaign at a time and with rests, and comes again if there is more. It
 * may be killed at any moment and run in parallel. What somebody has locked is left for the next run.
 */
export async function indexMarked(
  { db, settings }: JobContext,
  signal?: AbortSignal,
): Promise<void> {
  const { batchesARun, rest } = settings.indexing;
  for (let batch = 0; batch < batchesARun && !signal?.aborted; batch += 1) {
    const began = performance.now();
    if ((await db.query(NEXT, [])).length === 0) return;
    await wait((performance.now() - began) * rest);
  }
  await db.transaction((tx) => enqueue(tx, TASK, {}, alone(TASK)));
}
