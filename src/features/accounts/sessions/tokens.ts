import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { Refusal } from '../../../core/errors.js';

const ALGORITHM = 'HS256';

/** What an access token says: this parent, in this session. */
export interface AccessClaims {
  parentId: number;
  sessionId: number;
}

/** A refresh token says the same, is unlike any other, and is stored only as a hash. */
export interface RefreshClaims extends AccessClaims {
  jti: string;
}

/** When a token begins and ends, in seconds since 1970. */
export interface Life {
  iat: number;
  exp: number;
}

/** Signs an access token (HS256, RFC 7519). */
export function signAccess(claims: AccessClaims, life: Life, secret: string): string {
  return sign('access', claims, life, {}, secret);
}

/** Signs a refresh token. Equal input gives equal text, which is how a lost answer is given again. */
export function signRefresh({ jti, ...claims }: RefreshClaims, life: Life, secret: string): string {
  return sign('refresh', claims, life, { jti }, secret);
}

/**
 * Reads an access token.
 * @throws Refusal `token_not_valid` when it is forged, expired, of the other type or malformed.
 */
export function verifyAccess(token: string, now: Date, secret: string): AccessClaims {
  const { parentId, sessionId } = verify('access', token, now, secret);
  return { parentId, sessionId };
}

/** Reads a refresh token. @throws Refusal `token_not_valid`, as `verifyAccess` does. */
export function verifyRefresh(token: string, now: Date, secret: string): RefreshClaims {
  const { jti, ...claims } = verify('refresh', token, now, secret);
  if (typeof jti !== 'string') throw tokenNotValid();
  return { ...claims, jti };
}

/** The refusal for every token that is not good, whatever the reason. */
export function tokenNotValid(): Refusal {
  return new Refusal('token_not_valid', 'The token is invalid or expired. Sign in again.');
}

type TokenType = 'access' | 'refresh';

function sign(
  type: TokenType,
  claims: AccessClaims,
  life: Life,
  more: object,
  secret: string,
): string {
  const { parentId, sessionId } = claims;
  const payload = { token_type: type, sub: String(parentId), sid: sessionId, ...more, ...life };
  return jwt.sign(payload, secret, { algorithm: ALGORITHM });
}

function verify(
  type: TokenType,
  token: string,
  now: Date,
  secret: string,
): AccessClaims & { jti: unknown } {
  const payload = payloadOf(token, now, secret);
  const parentId = Number(payload.sub);
  const sessionId: unknown = payload['sid'];
  const rightType = payload['token_type'] === type && typeof payload.exp === 'number';
  const asSigned = payload.sub === String(parentId);
  if (!rightType || !asSigned || !isId(parentId) || !isId(sessionId)) throw tokenNotValid();
  return { parentId, sessionId, jti: payload.jti };
}

function payloadOf(token: string, now: Date, secret: string): jwt.JwtPayload {
  try {
    const clockTimestamp = Math.floor(now.getTime() / 1000);
    // Of a string the library would first find out that it is no public key: half the time of a request.
    const key = createSecretKey(secret, 'utf8');
    const payload = jwt.verify(token, key, { algorithms: [ALGORITHM], clockTimestamp });
    return typeof payload === 'string' ? {} : payload;
  } catch {
    throw tokenNotValid();
  }
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 31;
}
