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

/** Runs a tool that gives its own exit code. What doesn't let it begin is said in one sentence. */
export async function runTool(tool: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await tool();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Writes a line of a tool's findings. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
