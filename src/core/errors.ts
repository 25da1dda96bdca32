/** What can go wrong, in words of the domain; `http/errors.ts` gives each its status. */
export type ErrorCode =
  | 'malformed'
  | 'not_authenticated'
  | 'token_not_valid'
  | 'no_active_account'
  | 'permission_denied'
  | 'not_found'
  | 'method_not_allowed'
  | 'campaign_closed'
  | 'child_has_open_campaigns'
  | 'too_large'
  | 'unsupported_media_type'
  | 'internal_error'
  | 'unavailable';

/** A refusal: a code for machines and a sentence for the person who reads it. Holds no personal data. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/** Messages by field; what belongs to no field stands under `non_field_errors`. */
export type FieldErrors = Record<string, string[]>;

/** Input that was understood and is not valid: all its bad fields at once. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';

  constructor(readonly fields: FieldErrors) {
    super(`invalid input: ${Object.keys(fields).join(', ')}`);
  }
}

/** The start can't go on: the message is one sentence for the person at the terminal. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
