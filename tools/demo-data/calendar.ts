/** Milliseconds. */
export const SECOND = 1_000;
/** Milliseconds. */
export const HOUR = 3_600 * SECOND;
/** Milliseconds. */
export const DAY = 24 * HOUR;
/** Milliseconds, of the average year. */
export const YEAR = 365.25 * DAY;

/** The start of the UTC day: what all dates are counted from, so that they repeat all day long. */
export function startOfDay(now: Date): number {
  return Math.floor(now.getTime() / DAY) * DAY;
}

/** A moment as PostgreSQL reads it. */
export function moment(time: number): string {
  return new Date(time).toISOString();
}

/** How many of these times, in rising order, are not after `time`. */
export function countUntil(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
