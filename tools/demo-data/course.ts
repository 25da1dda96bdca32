import { DAY, HOUR, SECOND } from './calendar.js';
import type { Dice } from './random.js';

/** How long ago the first campaigns opened. */
const FIRST_OPENED = 540 * DAY;

/** The newest has been open for at least this long. */
const NEWEST_OPENED = 6 * HOUR;

/** The life of a campaign, in milliseconds. */
export interface Course {
  opened: number;
  deadline: number | null;
  isOpen: boolean;
  /** Gifts come after `opened` and before this. */
  ended: number;
}

/** When each campaign opened, in rising order, more of them lately. */
export function openingTimes(dice: Dice, count: number, today: number): number[] {
  const span = FIRST_OPENED - NEWEST_OPENED;
  return Array.from({ length: count }, () => dice.throw() ** 1.4)
    .sort((a, b) => b - a)
    .map((ago) => Math.floor((today - NEWEST_OPENED - ago * span) / SECOND) * SECOND);
}

/** Some have deadlines, passed or to come; some were closed, mostly those whose time was up. */
export function drawCourse(dice: Dice, opened: number, today: number): Course {
  const deadline = dice.chance(0.45) ? drawDeadline(dice, opened) : null;
  const end = Math.min(deadline ?? today, today);
  const isPassed = deadline !== null && deadline < today;
  const isOpen = !dice.chance(isPassed ? 0.45 : 0.1);
  const life = isOpen || isPassed ? 1 : 0.3 + 0.7 * dice.throw();
  return { opened, deadline, isOpen, ended: opened + (end - opened) * life };
}

/** The last millisecond of a day, as for a deadline given as a date, or some full hour. */
function drawDeadline(dice: Dice, opened: number): number {
  const day = Math.floor(opened / DAY) * DAY + dice.between(20, 240) * DAY;
  return dice.chance(0.7) ? day + DAY - 1 : day + dice.between(8, 22) * HOUR;
}
