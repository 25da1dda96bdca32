/** How much of something there may be at once. Tests set other figures. */
export interface Bounds {
  /** Children of one parent. */
  children: number;
  /** Campaigns of one child, and how many of them may be open at once. */
  campaigns: number;
  openCampaigns: number;
  /** Donations that one request claims. */
  claims: number;
  /** Requests of one parent that a process works on at once, and how many more may wait for their turn. */
  parentAtOnce: number;
  parentWaiting: number;
  /** Streamed downloads under way: in a process, and of one parent. */
  downloads: number;
  downloadsPerParent: number;
  /** Bytes a second that a streamed download is taken with at least. */
  downloadSpeed: number;
  /** Rows of a file that are read and held at once. The largest have 1.6 kB, so these are half a megabyte. */
  fileRows: number;
  /** Requests that a process works on at once: in all, and of one network. */
  atOnce: number;
  atOncePerNetwork: number;
  /** Passwords that wait to be hashed or compared: in all, and of one network. */
  passwordsWaiting: number;
  passwordsWaitingPerNetwork: number;
  /** PDFs of receipts that wait to be drawn: in all, and of one network. */
  receiptsWaiting: number;
  receiptsWaitingPerNetwork: number;
}

/** The figures that a server starts with; `MAX_CHILDREN` and its like set some of them. */
export const DEFAULT_BOUNDS: Bounds = {
  children: 30,
  campaigns: 100,
  openCampaigns: 20,
  // In 0.4 s where the machine is busy.
  claims: 2_000,
  parentAtOnce: 4,
  parentWaiting: 12,
  downloads: 8,
  downloadsPerParent: 2,
  downloadSpeed: 1_000,
  fileRows: 300,
  // Where 400 a second are done, the last of them waits a fifth of a second.
  atOnce: 80,
  atOncePerNetwork: 40,
  passwordsWaiting: 100,
  passwordsWaitingPerNetwork: 50,
  receiptsWaiting: 20,
  receiptsWaitingPerNetwork: 8,
};

/** The bounds of streamed downloads in words. */
export function describeDownloads({ downloads, downloadsPerParent }: Bounds): string {
  return `${downloadsPerParent} at once per parent; ${downloads} at once per process, beyond which 503`;
}
