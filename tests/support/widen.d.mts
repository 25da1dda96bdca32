export function widen<Waits extends object>(waits: Waits): Waits;
export const PATIENT_SEARCHES: { longestWait: number; statement: number };
export const ROOMY: {
  children: number;
  campaigns: number;
  openCampaigns: number;
  parentAtOnce: number;
  parentWaiting: number;
  atOnce: number;
  passwordsWaiting: number;
  passwordsWaitingPerNetwork: number;
};
