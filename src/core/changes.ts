import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from './logger.js';

/** The channel on which triggers announce changes, in the transaction that makes them. */
const CHANNEL = 'campaign_changes';

/** Milliseconds. A connection that is silent for longer than a beat and its answer's wait is lost. */
const WAIT = { connection: 2_000, beat: 1_000, answer: 1_000, again: 500 };

/** What has changed of what all visitors see: a campaign, only its gifts and totals, or who knows what. */
export type Change = { of: 'campaign' | 'gifts'; id: number } | { of: 'all' };

/** Whoever wants to know of changes. */
export interface Listener {
  /** Whether changes are heard of from now on; told each time that turns. */
  hear(hears: boolean): void;
  changed(change: Change): void;
}

/** Listens for changes that any process makes, until it is closed; reconnects by itself. */
export function listenForChanges(
  url: string,
  listener: Listener,
  log: Logger,
): { close(): Promise<void> } {
  let closed = false;
  let current: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async () => {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'dreamjar',
      keepAlive: true,
      connectionTimeoutMillis: WAIT.connection,
      query_timeout: WAIT.answer,
    });
    current = client;
    client.on('notification', ({ payload }) => listener.changed(understand(payload)));
    client.on('error', (error) => lost(client, error));
    client.on('end', () => lost(client));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      if (current !== client) return;
      listener.hear(true);
      beat(client);
    } catch (error) {
      lost(client, error);
    }
  };

  const beat = (client: pg.Client) => {
    timer = setTimeout(() => {
      client.query('SELECT 1').then(
        () => current === client && beat(client),
        (error: unknown) => lost(client, error),
      );
    }, WAIT.beat);
  };

  const lost = (client: pg.Client, error?: unknown) => {
    if (current !== client) return;
    current = undefined;
    clearTimeout(timer);
    listener.hear(false);
    client.end().catch(() => undefined);
    if (closed) return;
    log.warn({ err: error }, 'changes are not heard of now: nothing is kept in memory');
    timer = setTimeout(() => void connect(), WAIT.again);
  };

  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      const client = current;
      current = undefined;
      // A server that is frozen never says goodbye.
      const goodbye = client?.end().catch(() => undefined);
      await Promise.race([goodbye, wait(WAIT.answer, undefined, { ref: false })]);
    },
  };
}

function understand(payload = ''): Change {
  const [, of, id] = /^(campaign|gifts) (\d+)$/.exec(payload) ?? [];
  return of === 'campaign' || of === 'gifts' ? { of, id: Number(id) } : { of: 'all' };
}
