/** Minor units, such as cents, in a whole unit of the currency. */
const MINOR = 100;

/** Whole units in minor ones. */
export function toMinor(units: number): number {
  return units * MINOR;
}

/** Minor units in whole ones, rounded up: for what went back. */
export function unitsUp(minor: number): number {
  return Math.ceil(minor / MINOR);
}

/** Minor units in whole ones, rounded down: for what is left. */
export function unitsDown(minor: number): number {
  return Math.floor(minor / MINOR);
}

/** An amount in words, such as `USD 1,250`; whole units, and an ISO 4217 code in either case. */
export function formatMoney(units: number, currency: string): string {
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    currencyDisplay: 'code',
    maximumFractionDigits: 0,
  }).format(units);
}
