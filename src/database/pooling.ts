import { randomUUID } from 'node:crypto';
import { NO_TIMEOUTS, SessionClient, sessionConfig } from './session.js';

/** How often both connections are looked at: other clients of a busy pooler may take their turns in between. */
const LOOKS = 10;

const MARK = `SELECT set_config('dreamjar.mark', $1, false), pg_backend_pid() AS pid`;

const LOOK = `SELECT current_setting('dreamjar.mark', true) AS mark, pg_backend_pid() AS pid`;

interface Seen {
  mark: string | null;
  pid: number;
}

/**
 * Whether something between us and PostgreSQL lends connections by the transaction. Then what one client has set is
 * seen by another, or is gone for itself. A direct connection is told by the process that serves it, at once.
 */
export async function isPooledByTransaction(client: SessionClient, url: string): Promise<boolean> {
  const mark = randomUUID();
  const [{ pid } = { pid: 0 }] = (await client.query<Seen>(MARK, [mark])).rows;
  if (pid === client.processID) return false;
  const other = openUnsettled(url);
  await other.connect();
  try {
    for (let looked = 0; looked < LOOKS; looked += 1) {
      const theirs = await look(other);
      const ours = await look(client);
      if (theirs.mark === mark || ours.mark !== mark || ours.pid !== pid) return true;
    }
    return false;
  } finally {
    await other.end();
  }
}

/** A connection whose session is left as it is, for it may belong to others as well. */
export function openUnsettled(url: string): SessionClient {
  return new SessionClient({
    ...sessionConfig(url, NO_TIMEOUTS),
    byTransaction: true,
    connectionTimeoutMillis: 10_000,
  });
}

async function look(client: SessionClient): Promise<Seen> {
  const { rows } = await client.query<Seen>(LOOK);
  return rows[0]!;
}
