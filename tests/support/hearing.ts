import { EventEmitter, once } from 'node:events';
import { listenForChanges, type Change, type Listener } from '../../src/database/changes.js';
import type { Logger } from '../../src/observability/logger.js';
import type { ListeningWaits } from '../../src/config/waits.js';

/** Listening for changes, whose turns can be awaited. */
export interface Hearing {
  /** Settles once changes are heard of, or once they are not. */
  until(hears: boolean): Promise<void>;
  /** The changes that were heard of. */
  heard: Change[];
  close(): Promise<void>;
}

/** Listens for changes on behalf of others, and settles when they are heard of. */
export async function hearChanges(
  url: string,
  listeners: Listener[],
  log: Logger,
  waits: ListeningWaits,
): Promise<Hearing> {
  const turns = new EventEmitter();
  let hears = false;
  const hear = (now: boolean) => {
    hears = now;
    listeners.forEach((listener) => listener.hear(now));
    turns.emit(String(now));
  };
  const listening = listenForChanges(
    url,
    {
      hear,
      changed: (change) => {
        hearing.heard.push(change);
        listeners.forEach((listener) => listener.changed(change));
      },
    },
    log,
    waits,
  );
  const hearing: Hearing = {
    heard: [],
    until: async (wanted) => {
      if (hears !== wanted) await once(turns, String(wanted));
    },
    close: () => listening.close(),
  };
  await hearing.until(true);
  return hearing;
}
