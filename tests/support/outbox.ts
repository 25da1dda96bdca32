import { expect } from 'vitest';
import type { TestDatabase } from './database.js';

/** Waits until everything that committed transactions left in the outbox is announced and enqueued. */
export async function outboxEmpty({ sql }: Pick<TestDatabase, 'sql'>): Promise<void> {
  const left = () => sql('SELECT kind, subject FROM outbox');
  await expect.poll(left, { interval: 2 }).toEqual([]);
}
