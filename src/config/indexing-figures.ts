/** How search texts are indexed: those of renames, partly at once, and what a write leaves to the job (ADR 021). */
export interface IndexingFigures {
  /** Bytes of text that the rename itself indexes: the newest campaigns as far as they have no more together. */
  atOnce: number;
  /** Campaigns after which the job gives way to others and goes on later. */
  batchesARun: number;
  /** How long the job rests after a campaign, as a multiple of the time that it took. */
  rest: number;
}

/** At once: all campaigns of most families, in milliseconds. */
export const INDEXING: IndexingFigures = { atOnce: 6_000, batchesARun: 50, rest: 2 };
