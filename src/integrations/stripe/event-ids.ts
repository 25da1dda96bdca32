import { stripeId } from './objects.js';

/** What names an event in our log: Stripe's ids and words alone, never a value that could be a person's. */
export interface EventIds {
  eventId: string | null;
  eventType: string | null;
  objectId: string | null;
  paymentIntent: string | null;
}

/** Code units of an id that are logged, however long it is. */
const LONGEST = 255;

/** The ids in the body of an event, as far as it has any: for the log, where it can't be read otherwise. */
export function idsOfEvent(rawBody: Buffer): EventIds {
  const event = record(parsed(rawBody));
  const object = record(record(event['data'])['object']);
  return {
    eventId: idOf(event['id']),
    eventType: typeof event['type'] === 'string' ? nameOf(event['type']) : null,
    objectId: idOf(object['id']),
    paymentIntent: idOf(object['payment_intent']),
  };
}

function parsed(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString());
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function idOf(value: unknown): string | null {
  const cut = typeof value === 'string' ? value.slice(0, LONGEST) : undefined;
  return stripeId.safeParse(cut).data ?? null;
}

function nameOf(type: string): string | null {
  return /^[a-z0-9_.]{1,100}$/.test(type) ? type : null;
}
