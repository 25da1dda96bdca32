import { setTimeout as wait } from 'node:timers/promises';
import { createApp } from '../app.js';
import type { Config } from '../config/config.js';
import type { Settings } from '../context.js';
import type { Database } from '../database/client.js';
import { listenForChanges } from '../database/changes.js';
import type { Logger } from '../observability/logger.js';
import { countCache } from '../observability/metrics.js';
import { openOutbox } from '../database/outbox.js';
import { openReplica } from '../database/replica.js';
import { endDrawing } from '../features/giving/receipts/receipt-drawing.js';
import { addressOf, listen, stopListening } from '../http/server/listen.js';
import { SharedAnswers } from '../http/api/shared-answers.js';

/** Milliseconds between failing readiness and closing the door, for whoever sends us requests to notice. */
const NOT_READY = 500;

/** What the API is served with. */
export interface WebDeps {
  config: Config;
  settings: Settings;
  databaseUrl: string;
  db: Database;
  log: Logger;
}

/** The API, being served. */
export interface RunningWeb {
  /** Such as `http://127.0.0.1:3000`. */
  address: string;
  /** Fails readiness, then takes no more requests and lets those in flight finish: seven seconds at most. */
  stop(): Promise<void>;
}

/** Serves the API in this process. @throws StartError when the address can't be had. */
export async function startWeb(deps: WebDeps): Promise<RunningWeb> {
  const { config, databaseUrl, db, log } = deps;
  const { waits, search } = deps.settings;
  let stopping = false;
  const answers = new SharedAnswers(countCache);
  const { databaseReplicaUrl: replicaUrl, databasePoolSize } = config;
  const replica =
    replicaUrl === undefined
      ? undefined
      : openReplica(db, replicaUrl, databasePoolSize, log, waits, search);
  const outbox = openOutbox(db, log);
  const app = createApp({
    ...deps,
    answers,
    replica,
    outbox,
    sheds: true,
    isStopping: () => stopping,
  });
  const server = await listen(app, config.port, config.host, log, waits.client);
  // First the replica, so that nothing is read from before a change and kept after it.
  const changes = listenForChanges(
    databaseUrl,
    {
      hear: (hears) => {
        replica?.hear(hears);
        answers.hear(hears);
      },
      changed: (change) => {
        replica?.changed();
        answers.changed(change);
      },
    },
    log,
    waits.listening,
  );
  return {
    address: addressOf(server),
    stop: async () => {
      stopping = true;
      await wait(NOT_READY);
      await stopListening(server);
      await endDrawing();
      await outbox.close();
      await changes.close();
      await replica?.close();
    },
  };
}
