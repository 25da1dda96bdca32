import type { Settings } from '../../../context.js';
import { longToken, sameHash } from '../../../core/one-time-secrets.js';

const PURPOSE = 'status of a donation';

/** Milliseconds from its beginning for which a gift can be seen from Stripe's return: as long as a payment may take. */
const SEEN_FOR = 30 * 24 * 60 * 60 * 1000;

/**
 * What opens the status of one gift to the browser that Stripe sends back, and nothing else: not its receipt.
 * The same each time, as Stripe must be asked for the same page each time.
 */
export function statusToken(
  settings: Pick<Settings, 'jwtSecret'>,
  { id, madeAt }: { id: number; madeAt: Date },
): string {
  return signed(settings, id, madeAt.getTime() + SEEN_FOR);
}

/** Whether a token opens the status of this gift at this moment. */
export function opensStatus(
  settings: Pick<Settings, 'jwtSecret'>,
  { id, token, now }: { id: number; token: string; now: Date },
): boolean {
  const until = parseInt(/^([0-9a-z]{1,12})\./.exec(token)?.[1] ?? '', 36);
  if (!(now.getTime() <= until)) return false;
  return sameHash(Buffer.from(token), Buffer.from(signed(settings, id, until)));
}

function signed({ jwtSecret }: Pick<Settings, 'jwtSecret'>, id: number, until: number): string {
  const end = until.toString(36);
  return `${end}.${longToken(jwtSecret, PURPOSE, Buffer.from(`${id} until ${end}`))}`;
}
