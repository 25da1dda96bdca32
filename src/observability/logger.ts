import { promisify } from 'node:util';
import { pino, type DestinationStream, type Logger } from 'pino';
import { describeError } from './error-report.js';

/**
 * Lines are written together: every tenth of a second, or once they make four kilobytes. Beyond a megabyte that
 * can't be written, they are dropped.
 */
const TOGETHER = { minLength: 4_096, periodicFlush: 100, maxLength: 1_000_000 };

/**
 * The program's logger: one JSON line an event. Personal data has no field here; should a careless line
 * carry one all the same, the names below are censored.
 */
export function createLogger(level: string, destination = standardOutput()): Logger {
  const secret = [
    'authorization',
    'cookie',
    'password',
    'current_password',
    'access',
    'refresh',
    'token',
  ];
  const personal = [
    'email',
    'donor_email',
    'name',
    'public_name',
    'donor_name',
    'first_name',
    'last_name',
    'username',
  ];
  const child = ['date_of_birth', 'gender', 'profile_picture', 'body', 'query'];
  const names = [...secret, ...personal, ...child];
  return pino(
    {
      level,
      base: { pid: process.pid },
      redact: { paths: [...names, ...names.map((name) => `*.${name}`)], censor: '[hidden]' },
      serializers: { err: describeError },
    },
    destination,
  );
}

/** Where nothing that befalls the log stops the program: a full disk costs lines, and only them. */
function standardOutput(): DestinationStream {
  const destination = pino.destination(TOGETHER);
  destination.on('error', () => undefined);
  // It would try for ever to write to a full disk, and nothing else would be done: see `flushLog`.
  destination.flushSync = () => undefined;
  return destination;
}

/** Writes what was logged until now, if it can be written: the last thing before the program exits. */
export async function flushLog(log: Logger): Promise<void> {
  const flush = promisify(log.flush.bind(log));
  // The first may only have waited for the writing that was under way.
  for (let turn = 1; turn <= 2; turn += 1) await flush().catch(() => undefined);
}

export type { Logger };
