/** How a job erases what a deletion has left behind (ADR 023). */
export interface ErasureFigures {
  /** Rows of a batch. One statement changes them, and the deletion itself erases so many at once. */
  batch: number;
  /** Batches after which the job gives way to others and goes on later. */
  batchesARun: number;
  /** How long the job rests after a batch, as a multiple of the time that the batch took. */
  rest: number;
  /** Milliseconds within which the comments of a former member's anonymous donations go, each at a random moment. */
  commentsWithin: number;
}

/** A million donations in about ten minutes or less, with at most a third of a connection's time. */
export const ERASURE: ErasureFigures = {
  batch: 500,
  batchesARun: 50,
  rest: 2,
  // An hour less than a day, for the job that does it may be late.
  commentsWithin: 23 * 60 * 60 * 1000,
};
