import type { Database } from './client.js';
import { CHANNEL } from './changes.js';
import { dueDonationMails, IS_MAIL, jobsOfOutbox } from './enqueue.js';
import type { Logger } from '../observability/logger.js';

/** Milliseconds, and rows a batch. */
export interface OutboxFigures {
  /** How long rows may gather after a write before they are sent. */
  gather: number;
  /** How often the table is looked at for rows of a process that died, or of a program that is not ours. */
  look: number;
  /** Rows of either kind, changes and mails, that one statement sends at most. */
  batch: number;
  /** Mails of donations that wait in the worker's queue at most: to find a job takes longer, the more there are. */
  queued: number;
}

/** The figures of a server. */
export const OUTBOX_FIGURES: OutboxFigures = { gather: 3, look: 250, batch: 500, queued: 1_000 };

/** More campaigns than this in one batch are announced as "any campaign": a notification holds 8,000 bytes. */
const MOST_NAMED = 200;

const oldest = (which: string, limit: string) =>
  `SELECT id FROM (SELECT id FROM outbox WHERE ${which} ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED) one`;

/**
 * Takes a batch of rows, announces the changes among them and enqueues the mails among them, all or nothing. Mails for
 * which the queue has no room stay until it has.
 * Rows that another process is sending are left to it. Its commit waits for no disk: it holds the lock that
 * NOTIFY takes on the whole database, and what a crash undoes is sent again.
 */
const SEND = {
  name: 'send_outbox',
  text: `
  WITH taken AS MATERIALIZED (
    DELETE FROM outbox WHERE id = ANY (ARRAY(
      ${oldest(`NOT (${IS_MAIL})`, '$1::int')}
      UNION ALL ${oldest(IS_MAIL, `least($1::int, greatest(0, $2::int - (${dueDonationMails('$2::int')})))`)}))
    RETURNING kind, subject
  ), changes AS (
    SELECT DISTINCT kind, subject FROM taken WHERE NOT (${IS_MAIL})
  ), named AS (
    SELECT CASE WHEN count(*) > ${MOST_NAMED} OR bool_or(kind = 'all') THEN 'all'
                ELSE string_agg(kind || ' ' || subject, ',') END AS payload
      FROM changes HAVING count(*) > 0
  ), announced AS (
    SELECT pg_notify('${CHANNEL}', payload), set_config('synchronous_commit', 'off', true) FROM named
  ), enqueued AS (
    ${jobsOfOutbox('taken')}
  )
  SELECT greatest(count(*) FILTER (WHERE ${IS_MAIL}), count(*) FILTER (WHERE NOT (${IS_MAIL})))::int AS most,
         (SELECT count(*) FROM announced), (SELECT count(*) FROM enqueued) FROM taken`,
};

/** Sends what committed transactions left in the table `outbox`. */
export interface Outbox {
  /** Something was written: what it left is sent within a few milliseconds. */
  soon(): void;
  close(): Promise<void>;
}

/** Starts to send, until it is closed. A failure is logged and tried again at the next look. */
export function openOutbox(
  db: Pick<Database, 'query'>,
  log: Logger,
  { gather, look, batch, queued }: OutboxFigures = OUTBOX_FIGURES,
): Outbox {
  let closed = false;
  let again = false;
  let gathering: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  const sendAll = async () => {
    try {
      do {
        again = false;
        const [row] = await db.query<{ most: number }>(SEND, [batch, queued]);
        again ||= row?.most === batch;
      } while (again && !closed);
    } catch (error) {
      log.debug({ err: error }, 'the outbox can not be sent now');
    }
  };
  const send = () => {
    gathering = undefined;
    again = true;
    sending ??= sendAll().finally(() => (sending = undefined));
  };
  const looking = setInterval(send, look);
  looking.unref();

  return {
    soon: () => {
      if (!closed) gathering ??= setTimeout(send, gather);
    },
    close: async () => {
      clearInterval(looking);
      clearTimeout(gathering);
      if (gathering) send();
      closed = true;
      await sending;
    },
  };
}
