import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Bytes of a SHA-256. */
type Hash = Buffer<ArrayBuffer>;

/**
 * Things that are shown to a person once and stored only as a hash. They are made from our secret and a
 * stored nonce, so that whoever writes the mail can make them again and nobody else can.
 */
export function sixDigits(secret: string, purpose: string, nonce: Uint8Array): string {
  const bytes = createHmac('sha256', secret).update(`${purpose}: `).update(nonce).digest();
  return String(bytes.readUIntBE(0, 6) % 1_000_000).padStart(6, '0');
}

/** As `sixDigits`, but 256 bits as base64url: too many to guess. */
export function longToken(secret: string, purpose: string, nonce: Uint8Array): string {
  return createHmac('sha256', secret).update(`${purpose}: `).update(nonce).digest('base64url');
}

/** What is stored of a short code: under our secret, for a million codes are soon tried. */
export function hashOfCode(secret: string, code: string, nonce: Uint8Array): Hash {
  return createHmac('sha256', secret).update(`stored code ${code}: `).update(nonce).digest();
}

/** What is stored of a long token. */
export function hashOfToken(token: string): Hash {
  return createHash('sha256').update(token).digest();
}

/** Whether two hashes are the same, in a time that doesn't tell where they differ. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
