import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { StartError } from '../../src/core/errors.js';

/** What `--help` prints. */
export const HELP = `Asks every operation of the served OpenAPI document what it can bear.

  npm run fuzz -- [options]

  --requests N     how many (50000)
  --seed N         which: the same seed asks the same again (a new one, which is printed)
  --base-url URL   a running server; without it one is started, on a database of its own
  --help           this text

Ends with 1 when an answer is of 500 or more, slow, or not as the document says.`;

export interface FuzzArguments {
  help: boolean;
  requests: number;
  seed: number;
  baseUrl: string | undefined;
}

const LARGEST = 999_999_999;

/** Reads the command line. @throws StartError, one sentence, when it makes no sense. */
export function readArguments(args: string[]): FuzzArguments {
  const given = parse(args);
  const baseUrl = given['base-url']?.replace(/\/+$/, '');
  if (baseUrl !== undefined && !/^http:\/\/[^/]+$/.test(baseUrl)) {
    throw new StartError('--base-url must be the http address of a server, with no path.');
  }
  return {
    help: given.help ?? false,
    requests: wholeNumber('requests', given.requests, 50_000),
    seed: wholeNumber('seed', given.seed, randomInt(1, LARGEST)),
    baseUrl,
  };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const options = {
    requests: text,
    seed: text,
    'base-url': text,
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch {
    throw new StartError('These options are not known; try npm run fuzz -- --help.');
  }
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new StartError(`--${name} must be a whole number from 1 to ${LARGEST}.`);
}
