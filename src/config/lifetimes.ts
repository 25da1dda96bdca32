/** Milliseconds for which something about an account counts. Tests set other figures. */
export interface Lifetimes {
  /** Signing in, as a proof that it is the account's owner who asks. */
  recentSignIn: number;
  /** The link by which an address that an account has left takes it back. */
  emailUndo: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The figures that a server runs with. */
export const DEFAULT_LIFETIMES: Lifetimes = { recentSignIn: 15 * MINUTE, emailUndo: 72 * HOUR };
