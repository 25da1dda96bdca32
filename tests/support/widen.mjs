/** Milliseconds that no test meets, however busy the machine. */
const TWO_MINUTES = 120_000;

/** These say how often something is done, not how long it may take. */
const RHYTHMS = ['beat', 'again', 'keepAlive'];

/** The same waits, so long that only a test that sets one of them itself ever meets it. */
export function widen(waits) {
  const wide = Object.entries(waits).map(([name, wait]) => {
    if (typeof wait === 'object') return [name, widen(wait)];
    return [name, RHYTHMS.includes(name) ? wait : TWO_MINUTES];
  });
  return Object.fromEntries(wide);
}

/** The waits among the bounds of searches. */
export const PATIENT_SEARCHES = { longestWait: TWO_MINUTES, statement: TWO_MINUTES };

/** Room for all that tests add, send or try at once. */
export const ROOMY = {
  children: 10_000,
  campaigns: 10_000,
  openCampaigns: 10_000,
  parentAtOnce: 1_000,
  parentWaiting: 1_000,
  atOnce: 10_000,
  atOncePerNetwork: 10_000,
  passwordsWaiting: 1_000,
  passwordsWaitingPerNetwork: 1_000,
  receiptsWaiting: 1_000,
  receiptsWaitingPerNetwork: 1_000,
};
