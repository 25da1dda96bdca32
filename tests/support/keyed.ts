import type supertest from 'supertest';
import type { Api } from './api.js';

/** Posts with an `Idempotency-Key`. */
export function postKeyed(
  api: Api,
  key: string,
  path: string,
  body: object = {},
  token?: string,
): supertest.Test {
  return api.post(path, body, token).set('Idempotency-Key', key);
}

/** What is stored of requests with a key, as text. */
export async function rememberedRequests(api: Api): Promise<string[]> {
  const rows = await api.database.sql<{ row: string }>(
    'SELECT r::text AS row FROM idempotent_requests r ORDER BY created_at',
  );
  return rows.map(({ row }) => row);
}
