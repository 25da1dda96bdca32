/**
 * The least that Stripe takes where that is more than one unit, in whole units of the currency, rounded up
 * (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
 */
const SMALLEST_PAYMENTS: Record<string, number> = {
  aed: 2,
  czk: 15,
  dkk: 3,
  hkd: 4,
  huf: 175,
  mxn: 10,
  myr: 2,
  nok: 3,
  pln: 2,
  ron: 2,
  sek: 3,
  thb: 10,
};

/** The least that Stripe takes in a currency, in whole units. */
export function smallestPayment(currency: string): number {
  return SMALLEST_PAYMENTS[currency] ?? 1;
}

/**
 * The currencies of ISO 4217 with two minor digits that Stripe counts in hundredths
 * (https://docs.stripe.com/currencies), in lower case.
 */
export const CURRENCIES = `
  aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop
  crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs
  khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab
  pen pgk php pkr pln qar ron rsd sar sbd scr sek sgd shp sos srd std szl thb tjs top try ttd twd tzs uah usd
  uyu uzs wst xcd yer zar zmw`
  .trim()
  .split(/\s+/);
