import type { ErrorRequestHandler, Response } from 'express';
import { isDatabaseAway } from '../../core/database-errors.js';
import { InvalidInput, Refusal, type ErrorCode } from '../../core/errors.js';
import type { Logger } from '../../observability/logger.js';
import { tooLarge } from './json-body.js';

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

/** Turns whatever was thrown into the contract's form. What nobody foresaw is logged whole and answered plainly. */
export function answerError(log: Logger): ErrorRequestHandler {
  return (error: unknown, { id }, res, _next) => {
    if (res.headersSent) {
      // Half of the answer is gone already: cut off, it can't be taken for the whole.
      if (!hasLeft(error)) log.error({ id, err: error }, 'answer cut off');
      res.destroy();
      return;
    }
    if (error instanceof InvalidInput) {
      res.set('Cache-Control', 'no-store').status(400).json(error.fields);
      return;
    }
    const refusal = refusalOf(error);
    if (refusal.code === 'internal_error') log.error({ id, err: error }, 'request failed');
    if (refusal.code === 'unavailable') log.warn({ id, err: error }, 'unavailable');
    refuse(res, refusal);
  };
}

/** Answers a refusal with its status and headers. */
export function refuse(res: Response, { code, detail, retryAfter = RETRY_AFTER }: Refusal): void {
  const status = STATUS[code];
  res.set('Cache-Control', 'no-store');
  if (status === 401) res.set('WWW-Authenticate', 'Bearer');
  if (status === 429 || status === 503) res.set('Retry-After', String(retryAfter));
  res.status(status).json({ detail, code });
}

/** Whether the client went away before the end. */
function hasLeft(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const fault = fromExpress(error);
  if (fault) return fault;
  if (isDatabaseAway(error)) {
    return new Refusal(
      'unavailable',
      'The service is busy or being restarted. Try again in a moment.',
    );
  }
  return new Refusal('internal_error', 'Something went wrong on our side.');
}

/** Express and its body reader throw errors with a `status` for what the client did wrong. */
function fromExpress(error: unknown): Refusal | undefined {
  const { status, type, limit } = (error ?? {}) as Record<string, unknown>;
  if (status === 413) return tooLarge(Number(limit));
  if (error instanceof URIError)
    return new Refusal('not_found', 'There is nothing at this address.');
  if (status === 400 && typeof type === 'string') {
    return new Refusal('malformed', 'The request broke off or has a wrong length.');
  }
  return undefined;
}
