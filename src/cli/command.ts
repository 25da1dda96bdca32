import { StartError } from '../core/errors.js';

/**
 * Runs a command: prints the sentence it gives and exits 0, or says in one sentence why it can't and
 * exits 1. What nobody foresaw is printed whole.
 */
export function runCommand(command: () => Promise<string>): void {
  command().then(
    (sentence) => {
      process.stdout.write(`${sentence}\n`);
      process.exit(0);
    },
    (error: unknown) => {
      if (error instanceof StartError) process.stderr.write(`${error.message}\n`);
      else
        process.stderr.write(
          `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
        );
      process.exit(1);
    },
  );
}
