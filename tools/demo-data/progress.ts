import { SingleBar } from 'cli-progress';

/** A bar on the terminal, and nothing where there is none. */
export interface Progress {
  show(done: number): void;
  end(): void;
}

/** Starts a bar for so many donations. */
export function startProgress(total: number): Progress {
  const bar = new SingleBar({
    format: '  {bar} {percentage}% · {value} of {total} donations · {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: false,
  });
  bar.start(total, 0);
  return { show: (done) => bar.update(done), end: () => bar.stop() };
}
