import type { z } from 'zod';

/** Stripe could not be asked, or could not answer now: the same call is worth making again later. */
export class PaymentsAway extends Error {
  override readonly name = 'PaymentsAway';
}

/** Stripe understood the call and will not do it. */
export class PaymentRefused extends Error {
  override readonly name = 'PaymentRefused';
  /** Stripe's, such as `charge_already_refunded`. */
  readonly code: string;
  /** The parameter at fault by Stripe's name, such as `customer_email`. */
  readonly param: string | undefined;
  /** Whether it was the payer's means that Stripe refused, and not the call. */
  readonly isOfPayer: boolean;

  constructor({ code, param, requestId, isOfPayer = false }: RefusalByStripe) {
    super(inWords('Stripe refused', code, param, requestId));
    this.code = code;
    this.param = param;
    this.isOfPayer = isOfPayer;
  }
}

interface RefusalByStripe {
  code: string;
  param?: string | undefined;
  requestId?: string | undefined;
  isOfPayer?: boolean;
}

/** Stripe does not accept our key, or not for this: nothing will work until a person mends that. */
export class KeyRejected extends Error {
  override readonly name = 'KeyRejected';
}

/** The call was made before with other parameters, and Stripe stands by the first. */
export class RequestChanged extends Error {
  override readonly name = 'RequestChanged';
}

/** Not from Stripe, or not from now. */
export class ForgedEvent extends Error {
  override readonly name = 'ForgedEvent';
}

/** Stripe said something in a form that this version does not know. */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';

  /** @param what an event's type or a call; @param problem tells where, and never quotes a value. */
  constructor(what: string, problem?: z.ZodError) {
    const places = problem?.issues.map(({ path }) => path.join('.')) ?? [];
    super(inWords(`Stripe's ${what} was not understood`, ...new Set(places)));
  }
}

/** A sentence with what else is known, in brackets. */
export function inWords(sentence: string, ...details: (string | number | undefined)[]): string {
  const known = details.filter((one) => one !== undefined);
  return known.length > 0 ? `${sentence} (${known.join(' ')}).` : `${sentence}.`;
}
