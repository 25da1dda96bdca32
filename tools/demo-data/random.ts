import { createHash } from 'node:crypto';

/** A stream of chances that repeats: the same seed and label always give the same throws. */
export interface Dice {
  /** A number from 0 up to, not including, 1. */
  throw(): number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

/** A stream of its own for each label, so that more parents, say, don't change the campaigns. */
export function rollDice(seed: number, label: string): Dice {
  const next = smallFastCounter(createHash('sha256').update(`${seed}/${label}`).digest());
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    throw: next,
    between,
    chance: (probability) => next() < probability,
    pick: (list) => list[between(0, list.length - 1)]!,
  };
}

/** A way to draw the indexes of `weights`, each as often as its weight says. Their sum is above 0. */
export function weightedDraw(weights: readonly number[]): (dice: Dice) => number {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (const [index, weight] of weights.entries()) sums[index] = sum += weight;
  return (dice) => {
    const wanted = dice.throw() * sum;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** The items in a random order. */
export function shuffled<T>(dice: Dice, items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = dice.between(0, last);
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}

/** Chris Doty-Humphrey's sfc32: fast, small, and good enough for everything but secrets. */
function smallFastCounter(state: Buffer): () => number {
  let [a, b, c, counter] = [0, 4, 8, 12].map((at) => state.readInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}
