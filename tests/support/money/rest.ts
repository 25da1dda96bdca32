import { setTimeout as wait } from 'node:timers/promises';
import { freeOrphans } from '../../../src/jobs/orphans.js';
import { reconcilePayments } from '../../../src/features/giving/payments/reconciliation.service.js';
import { PATIENCE } from '../patience.js';
import type { Place } from './place.js';

/** Lets the time pass for which whoever finishes a request has it for themselves. */
export async function endLeases({ database }: Place): Promise<void> {
  await database.sql(`UPDATE idempotent_requests SET leased_until = now() - interval '1 second'
                       WHERE leased_until IS NOT NULL AND status IS NULL`);
}

/** Asks Stripe for nothing so often that whatever was to go wrong there is behind us. */
export async function outlast(place: Place, faults: number): Promise<void> {
  const { stripe } = place.context().settings;
  for (let fault = 0; fault < faults; fault += 1) {
    await stripe!.listRefunds('pi_of_nobody').catch(() => undefined);
  }
}

/** Asks Stripe about what is pending, as the job does so many hours from now. */
export async function reconcile(place: Place, hours: number): Promise<void> {
  await reconcilePayments(place.context(hours));
}

/** Waits until the workers have done all jobs: those of the dead are given back, and none waits for its time. */
export async function workOff(place: Place): Promise<void> {
  const { db } = place.context();
  const end = Date.now() + PATIENCE;
  for (;;) {
    const [left] = await place.database.sql<{ jobs: number; errors: string[] }>(LEFT);
    if (left!.jobs === 0) return;
    if (Date.now() > end) throw new Error(`jobs are left: ${left!.errors.join('; ')}`);
    await freeOrphans(db, 'nobody');
    await place.database.sql(HURRY);
    await place.database.sql(ANNOUNCE);
    await wait(20);
  }
}

const LEFT = `
  SELECT (count(*) + (SELECT count(*) FROM outbox WHERE kind LIKE 'gift%'))::int AS jobs,
         array_agg(DISTINCT coalesce(last_error, task_identifier)) AS errors
    FROM graphile_worker.jobs WHERE task_identifier IN ('send_mail', 'send_refund')`;

const HURRY = `
  UPDATE graphile_worker._private_jobs SET run_at = now() WHERE run_at > now() AND locked_at IS NULL`;

const ANNOUNCE = `SELECT pg_notify('jobs:insert', '{"r":0,"count":1}')`;
