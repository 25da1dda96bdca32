import type { FieldError } from './field-errors.js';

/** What can go wrong, in words of the domain; `http/server/refusals.ts` gives each its status. */
export type ErrorCode =
  | 'malformed'
  | 'not_authenticated'
  | 'token_not_valid'
  | 'no_active_account'
  | 'permission_denied'
  | 'confirmation_needed'
  | 'not_found'
  | 'method_not_allowed'
  | 'campaign_closed'
  | 'donation_not_completed'
  | 'refund_too_large'
  | 'payment_refused'
  | 'idempotency_in_flight'
  | 'idempotency_mismatch'
  | 'email_not_verified'
  | 'webhook_not_valid'
  | 'child_has_open_campaigns'
  | 'google_state_not_valid'
  | 'google_denied'
  | 'google_failed'
  | 'google_email_not_verified'
  | 'google_linked_elsewhere'
  | 'google_account_inactive'
  | 'exchange_code_not_valid'
  | 'google_not_configured'
  | 'stripe_not_configured'
  | 'too_large'
  | 'unsupported_media_type'
  | 'headers_too_large'
  | 'request_timeout'
  | 'throttled'
  | 'internal_error'
  | 'unavailable';

/** A refusal: a code for machines and a sentence for the person who reads it. Holds no personal data. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    /** Seconds after which it is worth trying again, where that is known. */
    readonly retryAfter?: number,
  ) {
    super(detail);
  }
}

/** Messages by field; what belongs to no field stands under `non_field_errors`. */
export type FieldErrors = Record<string, FieldError[]>;

/** A secret that was guessed wrong. */
export type Guess = 'wrong_code';

/** Input that was understood and is not valid: all its bad fields at once. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';

  constructor(
    readonly fields: FieldErrors,
    /** What the input was found to be, where somebody counts that. */
    readonly found?: Guess,
  ) {
    super(`invalid input: ${Object.keys(fields).join(', ')}`);
  }
}

/** The start can't go on: the message is one sentence for the person at the terminal. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
