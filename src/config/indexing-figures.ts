/** How search texts are indexed anew when a child gets another public name (ADR 021). */
export interface IndexingFigures {
  /** Bytes of text that the rename itself indexes: the newest campaigns as far as they have no more together. */
  atOnce: number;
  /** Campaigns after which the job gives way to others and goes on later. */
  batchesARun: number;
  /** How long the job rests after a campaign, as a multiple of the time that it took. */
  rest: number;
}

/** At once: all campaigns of most families, in milliseconds; of the longest texts of Chinese, one in 0.2 s. */
export const INDEXING: IndexingFigures = { atOnce: 32_000, batchesARun: 50, rest: 2 };
