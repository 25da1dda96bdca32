import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Seconds, or less where the rounds are shorter. */
export const WARM_UP = 3;

/** Starts the process that makes the load. Gives the function that has it fire, and ends it at the end. */
export function startLoad(onEnd) {
  const load = fork(fileURLToPath(new URL('load.mjs', import.meta.url)));
  onEnd(() => load.kill());
  const gone = once(load, 'exit').then(() => [{ failure: 'The load ended by itself.' }]);
  return async (job) => {
    load.send(job);
    const [figures] = await Promise.race([once(load, 'message'), gone]);
    if (figures.failure) throw new Error(figures.failure);
    return figures;
  };
}

/**
 * Loads each side in turn, round after round, so that what slows the machine down slows all of them. A side
 * is `{address, requests}`; gives for each the figures of its rounds.
 */
export async function takeTurns(fire, sides, { connections, rounds, seconds }) {
  const figures = sides.map(() => []);
  for (const side of sides)
    await fire({ ...side, connections, seconds: Math.min(WARM_UP, seconds) });
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, side] of sides.entries()) {
      figures[index].push(await fire({ ...side, connections, seconds }));
    }
  }
  return figures;
}

/** The median of each figure over the rounds of one side. */
export function medians(rounds) {
  const median = (name) => medianOf(rounds.map((round) => round[name]));
  return { perSecond: median('perSecond'), p50: median('p50'), p99: median('p99') };
}

/** How many times as many requests one side answered as another did right after it: the median of the rounds. */
export function ratioOf(rounds, others) {
  return medianOf(rounds.map(({ perSecond }, round) => perSecond / others[round].perSecond));
}

/** The middle one, or halfway between the two in the middle. */
export function medianOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
