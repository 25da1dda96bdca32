import { signAccess } from '../../src/features/accounts/sessions/tokens.js';
import type { Owner } from './traffic.js';
import type { RunSql } from './sql.js';

/** Seconds. */
const DAY = 86_400;

const WHO_HAS_MOST = `
  SELECT ch.parent_id AS parent, array_agg(c.id) AS campaigns
    FROM campaigns c JOIN children ch ON ch.id = c.child_id
   WHERE c.is_open GROUP BY ch.parent_id ORDER BY count(*) DESC LIMIT 1`;

const SIGN_IN = `
  INSERT INTO sessions (parent_id, rotated_at, expires_at)
  SELECT parent, now(), now() + interval '1 day'
    FROM unnest($1::int[]) WITH ORDINALITY AS one (parent, at) ORDER BY at
  RETURNING id, parent_id AS parent`;

/** Signs in the parent of the most open campaigns, by what any server with this secret believes. */
export async function signInOwner(sql: RunSql, jwtSecret: string): Promise<Owner> {
  const [most] = await sql<{ parent: number; campaigns: number[] }>(WHO_HAS_MOST);
  const [access] = await signIn({ sql }, jwtSecret, [most!.parent]);
  return { access: access!, campaigns: most!.campaigns };
}

/** Begins a session for each parent; gives their access tokens. */
export async function signIn(
  world: { sql: RunSql },
  jwtSecret: string,
  parents: number[],
): Promise<string[]> {
  const sessions = await world.sql<{ id: number; parent: number }>(SIGN_IN, [parents]);
  const iat = Math.floor(Date.now() / 1_000);
  return sessions.map(({ id: sessionId, parent: parentId }) =>
    signAccess({ parentId, sessionId }, { iat, exp: iat + DAY }, jwtSecret),
  );
}
