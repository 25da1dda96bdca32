import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, test } from 'vitest';
import { openPlace, type Payments, type Place } from './support/money/place.js';
import { openRun } from './support/money/run.js';
import { steps, type Step } from './support/money/steps.js';

const { MONEY_RUNS = '1', MONEY_STEPS = '30', MONEY_SEED } = process.env;
const RUNS = Number(MONEY_RUNS);
const STEPS = Number(MONEY_STEPS);
const SEED = MONEY_SEED === undefined ? randomInt(2 ** 31) : Number(MONEY_SEED);

/** Milliseconds: a run takes a few seconds, and so does each attempt to make a failure shorter. */
const LONGEST = 120_000 + RUNS * 30_000;

let place: Place | undefined;
afterEach(() => leave());

async function leave(): Promise<void> {
  await place?.close();
  place = undefined;
}

/** One run in a place that the runs before have left at rest; after a failure, in a new one. */
async function happen(payments: Payments, steps: Step[]): Promise<void> {
  place ??= await openPlace(payments);
  try {
    const run = await openRun(place);
    for (const step of steps) await run.take(step);
    await run.finish();
  } catch (error) {
    // At once: to make a failure shorter may take longer than one likes to wait for its reason.
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    await leave();
    throw error;
  }
}

test.each([
  ['stripe', Math.ceil(RUNS * 0.75)],
  ['pledge', Math.ceil(RUNS * 0.25)],
] as const)(
  `whatever happens, what counts is what was given (%s, MONEY_SEED=${SEED})`,
  async (payments, runs) => {
    const property = fc.asyncProperty(steps(STEPS), (all) => happen(payments, all));
    await fc.assert(property, {
      seed: SEED,
      numRuns: runs,
      interruptAfterTimeLimit: LONGEST - 30_000,
      markInterruptAsFailure: true,
    });
    const { killed } = place!.servers;
    process.stdout.write(
      `${payments}: ${runs} runs of ${STEPS} steps, ${killed} servers killed, MONEY_SEED=${SEED}\n`,
    );
  },
  LONGEST,
);
