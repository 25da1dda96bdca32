import { InvalidInput, Refusal } from '../../../core/errors.js';
import { fieldError, type FieldError } from '../../../core/field-errors.js';
import type { PaymentRefused } from '../../../integrations/stripe.js';
import { AWAY } from './stripe-outage.js';

/** Refusals that are about the amount; the smallest one depends on the account's own currency too. */
const ABOUT_AMOUNT: Partial<Record<string, FieldError>> = {
  amount_too_small: fieldError('amountTooSmallToPay'),
  amount_too_large: fieldError('amountTooLargeToPay'),
};

/** Whoever gives can mend these, or must choose another means. */
export function refusalOfPayment({ code, param, isOfPayer }: PaymentRefused): Error | null {
  const aboutAmount = ABOUT_AMOUNT[code];
  if (aboutAmount !== undefined) return new InvalidInput({ amount: [aboutAmount] });
  if (code === 'email_invalid' || param === 'customer_email') {
    return new InvalidInput({ donor_email: [fieldError('emailRefusedByStripe')] });
  }
  return isOfPayer ? new Refusal('payment_refused', 'Stripe does not accept this payment.') : null;
}

/** What is at fault otherwise is ours to mend: the call, our account at Stripe, or how it is set up. */
export function paymentsBroken(): Refusal {
  return new Refusal('unavailable', AWAY);
}
