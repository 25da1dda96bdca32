/** Whose work it is, and how much of it may wait. */
export interface Turn {
  /** Those who wait are served by lanes, in turn: whoever fills one keeps nobody else waiting. */
  lane: string;
  /** Whether it goes before the others. */
  isFirst?: boolean;
  /** Milliseconds. */
  longestWait: number;
  mostWaiting: number;
  mostWaitingPerLane: number;
}

/** One who waits: either its turn comes, or it is refused. */
interface Waiting {
  begin: () => void;
  refuse: () => void;
}

/** How many of those who go first are served before one of the others is. */
const FIRST_IN_A_ROW = 3;

/** Those who wait, by lane. */
class Lanes {
  readonly #lanes = new Map<string, Waiting[]>();

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  sizeOf(lane: string): number {
    return this.#lanes.get(lane)?.length ?? 0;
  }

  add(lane: string, one: Waiting): void {
    const waiting = this.#lanes.get(lane);
    if (waiting) waiting.push(one);
    else this.#lanes.set(lane, [one]);
  }

  remove(lane: string, one: Waiting): void {
    const rest = this.#lanes.get(lane)?.filter((other) => other !== one) ?? [];
    if (rest.length > 0) this.#lanes.set(lane, rest);
    else this.#lanes.delete(lane);
  }

  /** The one who has waited longest in the lane whose turn it is; that lane goes to the end. */
  next(): Waiting | undefined {
    const [first] = this.#lanes;
    if (!first) return undefined;
    const [lane, [one, ...rest]] = first;
    this.#lanes.delete(lane);
    if (rest.length > 0) this.#lanes.set(lane, rest);
    return one;
  }

  /** The last of the longest lane, if that has more than `size`. */
  lastOfLongest(size: number): Waiting | undefined {
    const longest = [...this.#lanes.values()].sort((a, b) => b.length - a.length)[0];
    return longest && longest.length > size ? longest.at(-1) : undefined;
  }
}

/** Runs expensive work a few pieces at a time, and refuses what there is no room or no time for. */
export class Queue {
  #running = 0;
  #waiting = 0;
  #firstInARow = 0;
  readonly #first = new Lanes();
  readonly #others = new Lanes();

  /** `atOnce` pieces of work run at the same time; `refusal` makes what is thrown at those who are refused. */
  constructor(
    private readonly atOnce: number,
    private readonly refusal: () => Error,
  ) {}

  /** Runs a piece of work when its turn comes. @throws the refusal, when it can't come in time. */
  async run<Result>(turn: Turn, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.atOnce) this.#running += 1;
    else await this.#turn(turn);
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  /** Waits until another hands its place over. */
  #turn({ lane, isFirst = false, longestWait, ...most }: Turn): Promise<void> {
    const lanes = isFirst ? this.#first : this.#others;
    if (lanes.sizeOf(lane) >= most.mostWaitingPerLane) throw this.refusal();
    if (this.#waiting >= most.mostWaiting) this.#makeRoom(isFirst ? 0 : lanes.sizeOf(lane) + 1);
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        lanes.remove(lane, one);
        this.#waiting -= 1;
      };
      const one: Waiting = {
        begin: () => {
          leave();
          resolve();
        },
        refuse: () => {
          leave();
          reject(this.refusal());
        },
      };
      const timer = setTimeout(one.refuse, longestWait);
      lanes.add(lane, one);
      this.#waiting += 1;
    });
  }

  /** Refuses the last of a lane that is longer than `size`. @throws the refusal, when there is none. */
  #makeRoom(size: number): void {
    const last = this.#others.lastOfLongest(size);
    if (!last) throw this.refusal();
    last.refuse();
  }

  #passOn(): void {
    const next = this.#next();
    if (next) next.begin();
    else this.#running -= 1;
  }

  #next(): Waiting | undefined {
    const othersTurn = this.#firstInARow >= FIRST_IN_A_ROW && !this.#others.isEmpty;
    const isFirst = !this.#first.isEmpty && !othersTurn;
    this.#firstInARow = isFirst ? this.#firstInARow + 1 : 0;
    return (isFirst ? this.#first : this.#others).next();
  }
}
