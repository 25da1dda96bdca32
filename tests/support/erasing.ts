import { ERASURE, type ErasureFigures } from '../../src/config/erasure-figures.js';
import { eraseDeleted, forgetComments } from '../../src/features/erasure/erasure.service.js';
import type { Api } from './api.js';
import type { TestDatabase } from './database.js';
import { SETTINGS } from './worker.js';

const DAY = 24 * 60 * 60 * 1000;

const contextOf = (
  { db, log }: Pick<Api, 'db' | 'log'>,
  figures: Partial<ErasureFigures> = {},
) => ({
  db,
  log,
  now: new Date(),
  settings: { ...SETTINGS, erasure: { ...ERASURE, rest: 0, ...figures } },
});

/** One run of the job that erases what deletions have left. */
export function runErasure(
  api: Pick<Api, 'db' | 'log'>,
  figures?: Partial<ErasureFigures>,
  signal?: AbortSignal,
): Promise<void> {
  return eraseDeleted(contextOf(api, figures), signal);
}

/** One run of the job that forgets anonymous comments, as if so many milliseconds had passed: a day unless told. */
export function runForgetting(api: Pick<Api, 'db' | 'log'>, later = DAY): Promise<void> {
  const ctx = contextOf(api);
  return forgetComments({ ...ctx, now: new Date(ctx.now.getTime() + later) });
}

/** What is still to be erased: kinds, ids and addresses. */
export function erasures({ database }: { database: TestDatabase }) {
  return database.sql<{ kind: string; id: number; address: string | null }>(
    'SELECT kind, subject_id AS id, address FROM erasures ORDER BY kind, subject_id',
  );
}
