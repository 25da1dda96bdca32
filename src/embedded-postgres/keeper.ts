import { setTimeout as sleep } from 'node:timers/promises';
import { knock, type Link } from './connect.js';
import { reach, type Launch } from './launch.js';
import { claim } from './locks.js';
import type { Place } from './place.js';

/** After this long in peace a loss counts as the first one again. */
const PEACE = 60_000;

/**
 * Keeps the owner's lock: when its link is lost, takes it again, and starts PostgreSQL on the
 * same port if that has died. The pauses grow threefold from half a second, so it makes five
 * starts a minute at most. Gives the last link when the signal ends it.
 */
export async function keepOwning(first: Link, place: Place, how: Launch): Promise<Link> {
  const aborted = new Promise<void>((resolve) => {
    how.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let link = first;
  let pause = 500;
  for (;;) {
    const since = Date.now();
    await Promise.race([link.gone, aborted]);
    if (how.signal.aborted) return link;
    if (Date.now() - since > PEACE) pause = 500;
    let next = await own(knock(place, first.port));
    while (!next) {
      const aborting = sleep(pause, false, { signal: how.signal }).catch(() => true);
      if (await aborting) return link;
      pause = Math.min(pause * 3, PEACE);
      next = await own(reach(place, { ...how, port: first.port }));
    }
    link = next;
  }
}

/** Whether nobody has taken the lock while our link was away: then PostgreSQL is ours to stop. */
export async function stillOwns(last: Link, place: Place): Promise<boolean> {
  if (await claim(last, 'owner')) return true;
  const answer = await knock(place, last.port).catch(() => 'failed');
  if (typeof answer === 'string') return true;
  const ours = await claim(answer, 'owner');
  await answer.client.end().catch(() => undefined);
  return ours;
}

async function own(attempt: Promise<Link | string>): Promise<Link | undefined> {
  const link = await attempt.catch(() => 'failed');
  if (typeof link === 'string') return undefined;
  if (await claim(link, 'owner')) return link;
  await link.client.end().catch(() => undefined);
  return undefined;
}
