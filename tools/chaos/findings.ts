import type { World } from './world.js';

/** One thing that was looked at. */
export interface Finding {
  what: string;
  measured: string;
  goal: string;
  /** Why not, where the machine does not allow the test. */
  met: boolean | { untested: string };
  /** Whether it depends on how fast the machine is just now. */
  timed?: boolean;
}

/** Something that goes wrong, and what must hold all the same. */
export interface Fault {
  name: string;
  title: string;
  run(world: World): Promise<Finding[]>;
}

/** A count that must be zero. */
export function none(what: string, count: number, evidence = ''): Finding {
  const measured = evidence === '' || count === 0 ? String(count) : `${count}: ${evidence}`;
  return { what, measured, goal: '0', met: count === 0 };
}

/** A time that must not be passed, in milliseconds. */
export function within(what: string, ms: number, longest: number): Finding {
  const seconds = (time: number) => `${(time / 1000).toFixed(1)} s`;
  return {
    ...{ what, measured: seconds(ms), goal: `at most ${seconds(longest)}` },
    ...{ met: ms <= longest, timed: true },
  };
}

/** What could not be tried here, and why. */
export function untested(what: string, why: string): Finding {
  return { what, measured: '', goal: '', met: { untested: why } };
}
