import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Refusal } from './errors.js';

/** Megabytes of JavaScript objects that a thread may hold; whatever needs more ends the thread, and not the process. */
const MEMORY = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 16 };

/** Seconds after which a refused client may try again. */
const RETRY_AFTER = 1;

/**
 * Work that would hold up the event loop, in a thread of its own. The module answers each message with one message.
 * Its thread starts with the first one, and once it has ended, another starts with the next.
 */
export class Thread {
  #worker: Worker | undefined;

  constructor(private readonly module: URL) {}

  /**
   * The answer to a message; ask one at a time.
   * @throws Refusal `unavailable` after `longest` milliseconds, or whatever has ended the thread.
   */
  async ask(message: unknown, longest: number): Promise<unknown> {
    const worker = (this.#worker ??= this.#start());
    const waiting = new AbortController();
    const { signal } = waiting;
    const late = setTimeout(() => waiting.abort(), longest);
    const ended = once(worker, 'exit', { signal }).then(() => {
      throw new Error('the thread has ended');
    });
    try {
      worker.postMessage(message);
      const [answer] = (await Promise.race([once(worker, 'message', { signal }), ended])) as [
        unknown,
      ];
      return answer;
    } catch (error) {
      this.#forget(worker);
      void worker.terminate();
      if (!signal.aborted) throw error;
      throw new Refusal('unavailable', 'This takes too long. Try again in a moment.', RETRY_AFTER);
    } finally {
      clearTimeout(late);
      waiting.abort();
    }
  }

  /** Ends the thread, and what it is working on. */
  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(runnable(this.module), { execArgv: [], resourceLimits: MEMORY });
    // Without a listener an error would end the process. `ask` rejects with it.
    worker.on('error', () => this.#forget(worker));
    worker.on('exit', () => this.#forget(worker));
    worker.unref();
    return worker;
  }

  #forget(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
  }
}

/** A module beside the one at `url`, whether that runs from its source or built. */
export function moduleBeside(url: string, name: string): URL {
  const ending = url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${ending}`, url);
}

/** A module that Node can run: one in TypeScript through tsx, which development alone has. */
function runnable({ href }: URL): URL {
  if (!href.endsWith('.ts')) return new URL(href);
  const required = createRequire(import.meta.url).resolve('tsx/esm/api');
  const tsx = new URL('index.mjs', pathToFileURL(required)).href;
  const source = `import { tsImport } from '${tsx}'; await tsImport('${href}', '${href}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}
