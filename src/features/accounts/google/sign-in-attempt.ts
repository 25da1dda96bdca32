import { createHmac, hkdfSync } from 'node:crypto';
import { sameHash } from '../../../core/one-time-secrets.js';
import type { Binding } from '../../../integrations/google.js';

/** Seconds from leaving for Google until the return must have happened. */
export const ATTEMPT_TTL = 600;

/** A sign-in that a browser began: it alone keeps it, in a cookie that we signed. */
export interface Attempt extends Binding {
  expiresAt: Date;
}

/** The attempt as the cookie holds it: base64url and dots, signed. */
export function sealAttempt({ state, verifier, expiresAt }: Attempt, secret: string): string {
  const content = `${state}.${verifier}.${expiresAt.getTime()}`;
  return `${content}.${signature(content, secret).toString('base64url')}`;
}

/** The attempt in a cookie; undefined when it isn't ours, isn't whole or has expired. */
export function openAttempt(
  sealed: string | undefined,
  now: Date,
  secret: string,
): Attempt | undefined {
  const [, content, given] = /^([\w-]+\.[\w-]+\.\d+)\.([\w-]+)$/.exec(sealed ?? '') ?? [];
  if (content === undefined || given === undefined) return undefined;
  const expected = signature(content, secret);
  const actual = Buffer.from(given, 'base64url');
  if (!sameHash(actual, expected)) return undefined;

  const [state, verifier, expiry] = content.split('.') as [string, string, string];
  const expiresAt = new Date(Number(expiry));
  return expiresAt > now ? { state, verifier, expiresAt } : undefined;
}

/** By a key of its own: nothing signed here could pass for a token, nor a token for an attempt. */
function signature(content: string, secret: string): Buffer {
  const key = hkdfSync('sha256', secret, '', 'dreamjar google sign-in attempt', 32);
  return createHmac('sha256', Buffer.from(key)).update(content).digest();
}
