import { parseArgs } from 'node:util';
import { StartError } from '../../src/core/errors.js';
import { FAULTS } from './faults/index.js';
import type { Fault } from './findings.js';

/** What `--help` prints. */
export const HELP = `Does harm to the built server under load, on a database of its own, and tells what came of it.

  npm run chaos -- [options]

  --only a,b   of ${FAULTS.map(({ name }) => name).join(', ')}
  --quick      fewer rounds and shorter times, to try it
  --help       this text

Ends with 1 when anything that must hold did not. What this machine doesn't allow is told as untested.`;

export interface ChaosArguments {
  help: boolean;
  quick: boolean;
  faults: Fault[];
}

/** Reads the command line. @throws StartError, one sentence, when it makes no sense. */
export function readArguments(args: string[]): ChaosArguments {
  const { help = false, quick = false, only } = parse(args);
  const names = only?.split(',') ?? FAULTS.map(({ name }) => name);
  const unknown = names.find((name) => !FAULTS.some((fault) => fault.name === name));
  if (unknown !== undefined)
    throw new StartError(`There is no fault named ${unknown}; see --help.`);
  return { help, quick, faults: FAULTS.filter(({ name }) => names.includes(name)) };
}

function parse(args: string[]) {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({ args, options: { help: flag, quick: flag, only: { type: 'string' } } })
      .values;
  } catch {
    throw new StartError('These options are not known; try npm run chaos -- --help.');
  }
}
