import bcrypt from 'bcrypt';

/** Bytes that bcrypt looks at; it ignores the rest, so no longer password is ever set. */
export const LONGEST_PASSWORD = 72;

/** The bcrypt hash of a password, `cost` rounds as a power of two. Runs off the event loop. */
export function hashPassword(password: string, cost: number): Promise<string> {
  return bcrypt.hash(password, cost);
}

/**
 * Whether a password is the one that was hashed. Takes the same time when there is no hash, so that an
 * unknown account can't be told from a wrong password.
 */
export async function isPassword(
  password: string,
  hash: string | null,
  cost: number,
): Promise<boolean> {
  const matches = await bcrypt.compare(password, hash ?? unmatchable(cost));
  return matches && hash !== null && Buffer.byteLength(password) <= LONGEST_PASSWORD;
}

/** A well-formed hash that no password is known to have. */
function unmatchable(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
}
