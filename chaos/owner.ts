import { signAccess } from '../src/features/sessions/tokens.js';
import type { Owner } from './traffic.js';
import type { World } from './world.js';

/** Seconds. */
const DAY = 86_400;

const WHO_HAS_MOST = `
  SELECT ch.parent_id AS parent, array_agg(c.id) AS campaigns
    FROM campaigns c JOIN children ch ON ch.id = c.child_id
   WHERE c.is_open GROUP BY ch.parent_id ORDER BY count(*) DESC LIMIT 1`;

const SIGN_IN = `
  INSERT INTO sessions (parent_id, rotated_at, expires_at)
  VALUES ($1, now(), now() + interval '1 day') RETURNING id`;

/** Signs in the parent of the most open campaigns, by what any server with this secret believes. */
export async function signInOwner(sql: World['sql'], jwtSecret: string): Promise<Owner> {
  const [most] = await sql<{ parent: number; campaigns: number[] }>(WHO_HAS_MOST);
  const [session] = await sql<{ id: number }>(SIGN_IN, [most!.parent]);
  const claims = { parentId: most!.parent, sessionId: session!.id };
  const iat = Math.floor(Date.now() / 1_000);
  const access = signAccess(claims, { iat, exp: iat + DAY }, jwtSecret);
  return { access, campaigns: most!.campaigns };
}
