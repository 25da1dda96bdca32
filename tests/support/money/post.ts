import { expect } from 'vitest';
import type { FakeEvent } from '../stripe.js';
import type { Place } from './place.js';

/** The way of events from Stripe to us, from now on: each is told until it is answered by 200, and may be again. */
export function openPost({ stripe, servers }: Place) {
  const { events } = stripe.ledger;
  const before = events.length;
  const taken = new Set<FakeEvent>();

  async function deliver(some: FakeEvent[]): Promise<void> {
    await Promise.all(some.map(tell));
  }

  async function tell(event: FakeEvent): Promise<void> {
    const address = await servers.address();
    // Cut off, Stripe sends it again.
    const status = await stripe.deliver(event, address).catch(() => 503);
    expect([200, 503], event.type).toContain(status);
    if (status === 200) taken.add(event);
  }

  const since = () => events.slice(before);
  const waiting = () => since().filter((event) => !taken.has(event));
  return {
    deliver,
    waiting,
    delivered: () => since().filter((event) => taken.has(event)),
    /** Those that wait never arrive by themselves. */
    lose: (which: (event: FakeEvent) => boolean) =>
      waiting()
        .filter(which)
        .forEach((event) => taken.add(event)),
  };
}
