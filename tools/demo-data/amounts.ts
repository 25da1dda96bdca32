import type { Dice } from './random.js';

/** A size of gift: how many of all gifts have it, its range, and the round sums that people like. */
export interface GiftSize {
  share: number;
  range: readonly [least: number, most: number];
  round: readonly number[];
}

/** Small, medium, large and very large. */
export const GIFT_SIZES: readonly GiftSize[] = [
  { share: 0.5, range: [5, 25], round: [5, 5, 10, 10, 10, 10, 15, 15, 20, 20, 20, 25, 25] },
  { share: 0.3, range: [26, 100], round: [30, 30, 40, 50, 50, 50, 60, 75, 80, 100, 100] },
  { share: 0.15, range: [101, 500], round: [120, 150, 150, 200, 200, 200, 250, 300, 400, 500] },
  {
    share: 0.05,
    range: [501, 5000],
    round: [550, 600, 600, 750, 750, 750, 800, 1000, 1000, 1500, 2500, 5000],
  },
];

/** A sum of this size: mostly a round one, else one nearer to the lower end. */
export function drawAmount(dice: Dice, { range: [least, most], round }: GiftSize): number {
  if (dice.chance(0.85)) return dice.pick(round);
  return least + Math.floor((most - least + 1) * dice.throw() ** 3);
}

/** A goal in this range, rounded as people do. */
export function drawGoal(dice: Dice, [least, most]: readonly [number, number]): number {
  const goal = least + (most - least) * dice.throw();
  const step = goal < 300 ? 5 : goal < 2_000 ? 50 : goal < 20_000 ? 100 : 1_000;
  return Math.min(most, Math.max(least, Math.round(goal / step) * step));
}

/** How well a size of gift fits a goal, 0 to 1: nobody gives 2,000 towards boots of 80. */
export function fitOf({ round }: GiftSize, goal: number): number {
  const ratio = goal / (5 * round[round.length >> 1]!);
  return ratio ** 2 / (1 + ratio ** 2);
}
