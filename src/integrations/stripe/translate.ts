import Stripe from 'stripe';
import { inWords, KeyRejected, PaymentRefused, PaymentsAway, RequestChanged } from './errors.js';

/** What an error of the package means to us. Stripe's own messages quote addresses; none is kept. */
export function translate(error: unknown): unknown {
  const { errors } = Stripe;
  if (!(error instanceof errors.StripeError)) return error;
  const { code, param, rawType, requestId, statusCode, type } = error;
  if (error instanceof errors.StripeIdempotencyError) {
    return new RequestChanged(inWords('Stripe knows this key with other parameters', requestId));
  }
  if (
    error instanceof errors.StripeConnectionError ||
    error instanceof errors.StripeRateLimitError ||
    // Every other status: 5xx, and 409 while the first call with a key is still in flight.
    error instanceof errors.StripeAPIError
  ) {
    return new PaymentsAway(inWords('Stripe is away', type, statusCode, code, requestId));
  }
  if (
    error instanceof errors.StripeInvalidRequestError ||
    error instanceof errors.StripeCardError
  ) {
    return new PaymentRefused({
      code: code ?? rawType ?? type,
      param,
      requestId,
      isOfPayer: error instanceof errors.StripeCardError,
    });
  }
  return new KeyRejected(inWords('Stripe does not accept our key', type, statusCode, requestId));
}
