import type pg from 'pg';
import { DONATION_COLUMNS, type DonationRow } from './donations.js';
import { columnList, insertRows } from './insert.js';

/**
 * Gifts that are brought together before they are given. Each statement moves the totals of the campaigns it gives
 * to, and in a large run those would be nearly all of them each time.
 */
const GIFTS_AT_ONCE = 500_000;

const COLUMNS = columnList(DONATION_COLUMNS);

const TYPED_COLUMNS = Object.entries(DONATION_COLUMNS).map((column) => column.join(' '));

/** A role may have a bound for statements that is meant for requests. */
const BRING_TOGETHER = `
  SET LOCAL statement_timeout = 0;
  CREATE TEMPORARY TABLE gifts (id serial, ${TYPED_COLUMNS.join(', ')}) ON COMMIT DROP`;

const GIVE = `
  INSERT INTO donations (${COLUMNS}) SELECT ${COLUMNS} FROM gifts ORDER BY id;
  TRUNCATE gifts`;

/** Whoever waits for a run. */
export interface Watcher {
  /** Told how many donations are stored so far: of those that are brought together only, the half. */
  onProgress?: ((donations: number) => void) | undefined;
  /** Ends the run: no further statement is sent, and the one that would be throws. */
  signal?: AbortSignal | undefined;
  /** How many gifts are given at once; half a million unless told. */
  giftsAtOnce?: number | undefined;
}

/** Stores gifts in their order, in the caller's transaction. While PostgreSQL stores one batch, the next is made. */
export async function storeGifts(
  client: pg.Client,
  batches: Iterable<DonationRow[]>,
  { onProgress, signal, giftsAtOnce = GIFTS_AT_ONCE }: Watcher,
): Promise<void> {
  let given = 0;
  let together = 0;
  let coming = Promise.resolve(0);
  const tell = () => {
    if (given + together > 0) onProgress?.(given + Math.floor(together / 2));
    signal?.throwIfAborted();
  };
  const arrive = async () => {
    together += await coming;
    tell();
  };
  const give = async () => {
    await client.query(GIVE);
    given += together;
    together = 0;
    tell();
  };

  await client.query(BRING_TOGETHER);
  for (const batch of batches) {
    await arrive();
    if (together >= giftsAtOnce) await give();
    coming = insertRows(client, 'gifts', DONATION_COLUMNS, batch).then((ids) => ids.length);
  }
  await arrive();
  await give();
}
