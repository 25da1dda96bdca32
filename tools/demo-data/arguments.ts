import { parseArgs } from 'node:util';
import { StartError } from '../../src/core/errors.js';
import type { SeedSize } from './world.js';

/** What `--help` prints. */
export const HELP = `Fills the database with demo data: families, campaigns that fit their category, and gifts.

  npm run seed -- [options]

  --parents N     how many parents, each with one to four children (50)
  --campaigns N   how many campaigns (100)
  --donations N   how many donations (5000)
  --seed N        which data: the same seed makes the same again, another adds to it (1)
  --help          this text

It goes to DATABASE_URL, or without one to the embedded database under DATA_DIR, whether or not the
server runs. All or nothing is stored. Not for production.`;

interface Range {
  fallback: number;
  least: number;
  most: number;
}

const RANGES = {
  parents: { fallback: 50, least: 1, most: 100_000 },
  campaigns: { fallback: 100, least: 0, most: 100_000 },
  donations: { fallback: 5_000, least: 0, most: 10_000_000 },
  seed: { fallback: 1, least: 0, most: 999_999_999 },
} satisfies Record<string, Range>;

/** What the command line asks for. */
export interface SeedArguments {
  help: boolean;
  seed: number;
  size: SeedSize;
}

/** Reads the command line. @throws StartError, one sentence, when it makes no sense. */
export function readArguments(args: string[]): SeedArguments {
  const given = parse(args);
  const number = (name: keyof typeof RANGES) => readNumber(name, given[name]);
  const size = {
    parents: number('parents'),
    campaigns: number('campaigns'),
    donations: number('donations'),
  };
  if (size.campaigns === 0 && size.donations > 0) {
    throw new StartError(
      'Donations need a campaign: give --campaigns 1 or more, or --donations 0.',
    );
  }
  return { help: given.help ?? false, seed: number('seed'), size };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const options = {
    parents: text,
    campaigns: text,
    donations: text,
    seed: text,
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new StartError(sentenceOf((error as Error).message), { cause: error });
  }
}

/** Node's messages run to three lines of advice, of which the first sentence is enough. */
function sentenceOf(message: string): string {
  const option = /^Option '(?:-\w, )?--(\w+)/.exec(message)?.[1];
  if (option !== undefined && option in RANGES) return rangeOf(option as keyof typeof RANGES);
  const [sentence] = message.split(/\.? To specify|\.? This command|\.?\n/);
  return `${sentence ?? message}; try npm run seed -- --help.`;
}

function readNumber(name: keyof typeof RANGES, text: string | undefined): number {
  const { fallback, least, most }: Range = RANGES[name];
  if (text === undefined) return fallback;
  const number = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new StartError(rangeOf(name));
}

function rangeOf(name: keyof typeof RANGES): string {
  const { least, most } = RANGES[name];
  return `--${name} must be a whole number from ${least} to ${most}.`;
}
