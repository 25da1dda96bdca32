/** Rows that one statement of a job changes at most, so that it ends in time however many there are. */
const BATCH = 1_000;

/** Repeats work on at most so many rows, told as `limit`, until there are fewer. It gives how many it handled. */
export async function inBatches(work: (limit: number) => Promise<number>): Promise<void> {
  while ((await work(BATCH)) === BATCH);
}
