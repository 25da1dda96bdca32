import type { PoolClient } from 'pg';
import type { Database } from '../database/client.js';
import { statement } from '../database/statement.js';
import { SessionClient } from '../database/session.js';

/** Sets the locks of living workers apart from other advisory locks; the number means nothing. */
const LIVING_WORKER = 1_145_916_225;

/** A machine that vanishes closes nothing: PostgreSQL asks after it and gives up in about a minute. */
const LIVE = `
  SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
         set_config('tcp_keepalives_count', '3', false), pg_advisory_lock_shared($1, hashtext($2))`;

/** Where a pooler lends connections by the transaction, one that does not end is what keeps one. */
const LIVE_IN_TRANSACTION = `
  SELECT set_config('idle_in_transaction_session_timeout', '0', true), pg_advisory_xact_lock_shared($1, hashtext($2))`;

/**
 * Whose lock can be had is dead. Our own name is left out, for it may be between two connections; so are those
 * that have only just begun, for one takes jobs while it connects to show that it lives.
 */
const FREE = statement(`
  SELECT count(*)::int AS dead, graphile_worker.force_unlock_workers(array_agg(name))
    FROM (SELECT DISTINCT locked_by AS name FROM graphile_worker.jobs
           WHERE locked_by <> $2 AND locked_at < now() - interval '3 seconds') AS worker
   WHERE pg_try_advisory_xact_lock($1, hashtext(name))`);

/** Jobs that failed for good are kept for a week, to be looked into; then what they hold is forgotten, some each time. */
const FORGET = statement(`
  SELECT graphile_worker.complete_jobs(array_agg(id)) FROM (
    SELECT id FROM graphile_worker.jobs
     WHERE attempts >= max_attempts AND locked_at IS NULL AND run_at < now() - interval '7 days' LIMIT 1000) old`);

/** Shows that a worker lives, for as long as this connection does: the kernel closes it if we are killed. */
export async function showLife(client: PoolClient, worker: string): Promise<void> {
  if (!(client instanceof SessionClient && client.byTransaction)) {
    await client.query(LIVE, [LIVING_WORKER, worker]);
    return;
  }
  await client.query('BEGIN');
  await client.query(LIVE_IN_TRANSACTION, [LIVING_WORKER, worker]);
}

/**
 * Gives back the jobs of workers that died with them, which would be locked for four hours, and gives how
 * many workers those were. A living one that is just reconnecting may be taken for dead: its job is then
 * done twice, as every job may be.
 */
export async function freeOrphans(db: Database, worker: string): Promise<number> {
  const [row] = await db.query<{ dead: number }>(FREE, [LIVING_WORKER, worker]);
  await db.query(FORGET, []);
  return row!.dead;
}
