/** How much a queue takes. */
export interface QueueLimits {
  /** Pieces of work that run at the same time. */
  atOnce: number;
  mostWaiting: number;
  /** What is thrown at those there is no room or no time for. */
  refusal: () => Error;
}

/** Runs expensive work a few pieces at a time, and refuses at once what would wait too long. */
export class Queue {
  #running = 0;
  /** Each call begins the work of one who waits, the longest-waiting first. */
  readonly #waiting = new Set<() => void>();

  constructor(private readonly limits: QueueLimits) {}

  /**
   * Runs a piece of work when its turn comes.
   * @throws the refusal, when it can't come within `longestWait` milliseconds.
   */
  async run<Result>(longestWait: number, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.limits.atOnce) this.#running += 1;
    else await this.#turn(longestWait);
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  /** Waits until another hands its place over. */
  #turn(longestWait: number): Promise<void> {
    const { mostWaiting, refusal } = this.limits;
    if (this.#waiting.size >= mostWaiting) throw refusal();
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(begin);
        reject(refusal());
      }, longestWait);
      this.#waiting.add(begin);
    });
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
