import { setTimeout as wait } from 'node:timers/promises';
import { flushLog, type Logger } from '../observability/logger.js';

/** Milliseconds after which an end that hangs is given up, and then the writing of the log. */
const LONGEST = { end: 9_000, flush: 500 };

/** Sees to it that a process which has begun to end does so, with code 1 if it hangs. */
export function limitEnd(log: Logger): void {
  const giveUp = async () => {
    log.error('the end hangs and is given up');
    await Promise.race([flushLog(log), wait(LONGEST.flush)]);
    process.exit(1);
  };
  setTimeout(() => void giveUp(), LONGEST.end).unref();
}
