import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Bytes of a SHA-256. */
type Hash = Buffer<ArrayBuffer>;

/** Crockford's base32: no letter in it looks like a digit, and none like another letter. */
const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const CODE_LENGTH = 8;

/**
 * A code that a person types: eight characters, 40 bits. Codes and tokens are stored only as a hash. They are
 * made from our secret and a stored nonce, so that whoever writes the mail can make them again and nobody else can.
 */
export function typedCode(secret: string, purpose: string, nonce: Uint8Array): string {
  const bytes = createHmac('sha256', secret).update(`${purpose}: `).update(nonce).digest();
  const five = bytes.readUIntBE(0, 5);
  const digit = (place: number) => BASE32.charAt(Math.floor(five / 32 ** place) % 32);
  return Array.from({ length: CODE_LENGTH }, (_, place) => digit(place)).join('');
}

/**
 * What a person typed, as `typedCode` makes it: case, blanks and hyphens don't matter, and letters that look
 * like digits count as those. Undefined when it is no such code.
 */
export function readTypedCode(typed: string): string | undefined {
  const code = typed.replace(/[\s-]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  const isCode = code.length === CODE_LENGTH && Array.from(code).every((c) => BASE32.includes(c));
  return isCode ? code : undefined;
}

/** As `typedCode`, but 256 bits as base64url: for links, which nobody types. */
export function longToken(secret: string, purpose: string, nonce: Uint8Array): string {
  return createHmac('sha256', secret).update(`${purpose}: `).update(nonce).digest('base64url');
}

/** What is stored of a short code: under our secret, for 40 bits are soon tried. */
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
