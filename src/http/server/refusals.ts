import type { Response } from 'express';
import type { ErrorCode, Refusal } from '../../core/errors.js';

/** The one place where a code becomes a status. */
export const STATUS: Record<ErrorCode, number> = {
  malformed: 400,
  google_state_not_valid: 400,
  google_denied: 400,
  google_failed: 400,
  google_email_not_verified: 400,
  google_linked_elsewhere: 400,
  google_account_inactive: 400,
  exchange_code_not_valid: 400,
  webhook_not_valid: 400,
  not_authenticated: 401,
  token_not_valid: 401,
  no_active_account: 401,
  permission_denied: 403,
  confirmation_needed: 403,
  email_not_verified: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  campaign_closed: 409,
  donation_not_completed: 409,
  refund_too_large: 409,
  payment_refused: 409,
  idempotency_in_flight: 409,
  child_has_open_campaigns: 409,
  too_large: 413,
  unsupported_media_type: 415,
  idempotency_mismatch: 422,
  throttled: 429,
  headers_too_large: 431,
  internal_error: 500,
  unavailable: 503,
  google_not_configured: 503,
  stripe_not_configured: 503,
};

/** Seconds after which a client may try again where the refusal tells none. */
const RETRY_AFTER = 2;

/** Answers a refusal with its status and headers. */
export function refuse(res: Response, { code, detail, retryAfter = RETRY_AFTER }: Refusal): void {
  const status = STATUS[code];
  res.set('Cache-Control', 'no-store');
  if (status === 401) res.set('WWW-Authenticate', 'Bearer');
  if (status === 429 || status === 503) res.set('Retry-After', String(retryAfter));
  res.status(status).json({ detail, code });
}
