/** An amount in words, such as `USD 1,250`; whole units, and an ISO 4217 code in either case. */
export function formatMoney(units: number, currency: string): string {
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    currencyDisplay: 'code',
    maximumFractionDigits: 0,
  }).format(units);
}
