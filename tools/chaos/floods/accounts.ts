import { randomUUID } from 'node:crypto';
import bcrypt from 'bcrypt';
import { signIn } from '../owner.js';
import { JWT_SECRET } from '../server.js';
import type { World } from '../world.js';

/** A parent who is signed in already, and can sign in again. */
export interface Account {
  id: number;
  email: string;
  password: string;
  access: string;
}

const OPEN = `
  INSERT INTO parents (username, email, password_hash)
  SELECT name, name || '@example.org', $2 FROM unnest($1::text[]) name RETURNING id, email`;

/** The rule of production, and the least that it takes. */
const COST = { usual: 12, quick: 10 };

/** What passwords cost at a server. */
export function bcryptCost({ quick }: Pick<World, 'quick'>): number {
  return quick ? COST.quick : COST.usual;
}

/** Opens so many accounts, past the limits for registering. */
export async function openAccounts(world: World, count: number): Promise<Account[]> {
  const password = randomUUID();
  const hash = await bcrypt.hash(password, bcryptCost(world));
  const names = Array.from({ length: count }, () => `flood-${randomUUID().slice(0, 13)}`);
  const rows = await world.sql<{ id: number; email: string }>(OPEN, [names, hash]);
  const ids = rows.map(({ id }) => id);
  const tokens = await signIn(world, JWT_SECRET, ids);
  return rows.map((row, at) => ({ ...row, password, access: tokens[at]! }));
}

/** Opens one account. */
export async function openAccount(world: World): Promise<Account> {
  const [account] = await openAccounts(world, 1);
  return account!;
}
