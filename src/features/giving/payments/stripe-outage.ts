import type { Context } from '../../../context.js';
import { Refusal } from '../../../core/errors.js';
import { KeyRejected, PaymentsAway } from '../../../integrations/stripe.js';

/** What whoever gives is told while no payment can be begun. */
export const AWAY =
  'Payments are not available right now. Try again in a moment, with the same Idempotency-Key if you sent one.';

/** @throws Refusal `unavailable` with these words, if Stripe was away or rejects our key; logs which. */
export function refuseWhileAway({ log }: Context, error: unknown, words: string): void {
  if (error instanceof KeyRejected) log.error({ err: error }, 'our key is not accepted');
  else if (error instanceof PaymentsAway) log.warn({ err: error }, 'Stripe is away');
  else return;
  throw new Refusal('unavailable', words);
}
