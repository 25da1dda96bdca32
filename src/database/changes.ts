import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { readDatabaseUrl } from './database-url.js';
import { inTime } from '../core/timeout.js';
import type { Logger } from '../observability/logger.js';
import { NO_TIMEOUTS, SessionClient, sessionConfig } from './session.js';
import { DEFAULT_WAITS, type ListeningWaits } from '../config/waits.js';

/** The channel on which changes are announced, from the rows that triggers leave in the outbox. */
export const CHANNEL = 'campaign_changes';

/** What a beat announces begins so: a sign of life, and no change. */
const BEAT = 'beat ';

/**
 * Announces a beat. Its commit waits for no disk: transactions that announce something commit one after another,
 * and a gift must not wait behind this one.
 */
const ANNOUNCE = `SELECT pg_notify('${CHANNEL}', $1), set_config('synchronous_commit', 'off', true)`;

/** Connections to the database that listening takes: one hears, and one speaks the beats. */
export const LISTENING_CONNECTIONS = 2;

/**
 * What has changed of what all visitors see: a campaign, only its gifts and totals, one that no list shows, or
 * who knows what.
 */
export type Change = { of: 'campaign' | 'gifts' | 'page'; id: number } | { of: 'all' };

/** Whoever wants to know of changes. */
export interface Listener {
  /** Whether changes are heard of from now on; told each time that turns. */
  hear(hears: boolean): void;
  changed(change: Change): void;
}

/** What listens: connections of its own, so that it waits for nobody. */
interface Line {
  ears: pg.Client;
  /** Not the one that hears: a pooler that lends connections by the transaction tells each only its own. */
  voice: pg.Client;
}

/** Listens for changes that any process makes, until it is closed; reconnects by itself. */
export function listenForChanges(
  url: string,
  listener: Listener,
  log: Logger,
  waits = DEFAULT_WAITS.listening,
): { close(): Promise<void> } {
  let closed = false;
  let current: Line | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async () => {
    const line = { ears: clientFor(url, waits), voice: clientFor(url, waits) };
    current = line;
    for (const client of [line.ears, line.voice]) {
      client.on('error', (error) => lost(line, error));
      client.on('end', () => lost(line));
    }
    line.ears.on('notification', ({ payload = '' }) => {
      if (payload.startsWith(BEAT)) return;
      for (const change of payload.split(',')) listener.changed(understand(change));
    });
    try {
      await Promise.all([line.ears.connect(), line.voice.connect()]);
      await line.ears.query(`LISTEN ${CHANNEL}`);
      await hearBeat(line, waits);
      if (current !== line) return;
      listener.hear(true);
      beat(line);
    } catch (error) {
      lost(line, error);
    }
  };

  const beat = (line: Line) => {
    timer = setTimeout(() => {
      hearBeat(line, waits).then(
        () => current === line && beat(line),
        (error: unknown) => lost(line, error),
      );
    }, waits.beat);
  };

  const lost = (line: Line, error?: unknown) => {
    if (current !== line) return;
    current = undefined;
    clearTimeout(timer);
    listener.hear(false);
    void end(line);
    if (closed) return;
    log.warn({ err: error }, 'changes are not heard of now: nothing is kept in memory');
    timer = setTimeout(() => void connect(), waits.again);
  };

  if (readDatabaseUrl(url).byTransaction) {
    log.warn(
      'a pooler lends connections by the transaction: changes are not heard of, nothing is kept in memory',
    );
    return { close: () => Promise.resolve() };
  }
  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      const line = current;
      current = undefined;
      // A server that is frozen never says goodbye.
      const goodbye = line && end(line);
      await Promise.race([goodbye, wait(waits.answer, undefined, { ref: false })]);
    },
  };
}

function clientFor(url: string, { connection, answer }: ListeningWaits): pg.Client {
  return new SessionClient({
    ...sessionConfig(url, NO_TIMEOUTS),
    connectionTimeoutMillis: connection,
    query_timeout: answer,
  });
}

/** Settles once a beat is heard: that statements are answered would not prove that announcements arrive. */
async function hearBeat({ ears, voice }: Line, { answer }: ListeningWaits): Promise<void> {
  const own = `${BEAT}${randomUUID()}`;
  const heard = new Promise<void>((resolve) => {
    const hear = ({ payload }: pg.Notification) => {
      if (payload !== own) return;
      ears.off('notification', hear);
      resolve();
    };
    ears.on('notification', hear);
  });
  await inTime(Promise.all([heard, voice.query(ANNOUNCE, [own])]), answer, notHeard);
}

function notHeard(): Error {
  return new Error('an announcement of our own was not heard: LISTEN needs a session that lasts');
}

async function end({ ears, voice }: Line): Promise<void> {
  await Promise.allSettled([ears.end(), voice.end()]);
}

function understand(payload: string): Change {
  const [, of, id] = /^(campaign|gifts|page) (\d+)$/.exec(payload) ?? [];
  return of ? { of: of as 'campaign' | 'gifts' | 'page', id: Number(id) } : { of: 'all' };
}
