import { columns } from '../../database/columns.js';
import type { Database } from '../../database/client.js';
import { statement, type Statement } from '../../database/statement.js';
import { ERASED } from '../../database/erased.js';

/** Something that was deleted while rows still refer to it. */
export interface Erasure {
  id: number;
  kind: keyof typeof STEPS;
  subjectId: number;
  /** A proven address of a parent, while donations that a guest made with it are to be erased. */
  address: string | null;
  /** The last donation that may be one of those. */
  lastGift: number | null;
}

/** What a batch is told. */
export interface BatchValues {
  erasure: Erasure;
  /** Up to which id earlier batches have come. */
  after: number;
  size: number;
  now: Date;
  commentsWithin: number;
}

/** A statement that handles some of the rows that refer to what was deleted, and what it takes. */
export interface Step {
  statement: Statement;
  values(batch: BatchValues): unknown[];
}

/**
 * With ORDER BY the column, finds by an index on it the rows that have a value, whatever the statistics say. `=` may
 * be planned as a read of the whole table where most rows seem to have the value; for one that none has, to its end.
 */
const having = (column: string, value: string) => `${column} BETWEEN ${value} AND ${value}`;

/** Rows that another transaction has locked are left for later: nothing ever waits for a batch, nor it for others. */
const donationStep = (column: string, change: string, values: Step['values'], more = ''): Step => ({
  statement: statement(`
  WITH changed AS (
    UPDATE donations d SET ${change} WHERE d.id = ANY (ARRAY(
      SELECT d.id FROM donations d
       WHERE (${column}, d.id) > ($1, $2::int) AND ${column} <= $1${more}
       ORDER BY ${column}, d.id LIMIT $3::int FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING d.id
  )
  SELECT count(*)::int AS handled, max(id) AS last FROM changed`),
  values,
});

/** A trigger forgets name and comment. Anonymous comments that are public go later, each at a moment of its own. */
const forgetting = (column: string) => `${column} = NULL, comment_until = CASE
    WHEN d.anonymous AND EXISTS (SELECT FROM campaigns c WHERE c.id = d.campaign_id)
    THEN $4::timestamptz + random() * $5::float8 * interval '1 ms' END`;

/** A trigger blanks requests of that status. Those of a former parent nobody can send again. */
const BLANK = `UPDATE idempotent_requests SET status = ${ERASED}`;
const FORGET = 'DELETE FROM idempotent_requests';

const requestStep = (column: string, change: string): Step => ({
  statement: statement(`
  WITH changed AS (
    ${change} WHERE scope = ANY (ARRAY(
      SELECT scope FROM idempotent_requests WHERE ${having(column, '$1')}
       ORDER BY ${column} LIMIT $2::int FOR UPDATE SKIP LOCKED))
    RETURNING 1
  )
  SELECT count(*)::int AS handled, 0 AS last FROM changed`),
  values: ({ erasure, size }) => [erasure.subjectId, size],
});

/** Everything that may be many and refers to what was deleted. */
export const STEPS = {
  campaign: [
    donationStep('d.campaign_id', 'campaign_id = NULL', ({ erasure, after, size }) => [
      erasure.subjectId,
      after,
      size,
    ]),
    requestStep('campaign_id', BLANK),
  ],
  child: [requestStep('child_id', BLANK)],
  parent: [
    donationStep('d.donor_id', forgetting('donor_id'), (batch) => [
      batch.erasure.subjectId,
      batch.after,
      batch.size,
      batch.now,
      batch.commentsWithin,
    ]),
    donationStep(
      'lower(d.donor_email)',
      forgetting('donor_email'),
      (batch) => [
        batch.erasure.address,
        batch.after,
        batch.size,
        batch.now,
        batch.commentsWithin,
        batch.erasure.lastGift,
      ],
      ' AND d.donor_id IS NULL AND d.id <= $6::int',
    ),
    requestStep('parent_id', FORGET),
  ],
} satisfies Record<string, Step[]>;

const noneHas = (table: string, column: string) =>
  `(SELECT ${column} FROM ${table} WHERE ${having(column, 'e.subject_id')} ORDER BY ${column} LIMIT 1) IS NULL`;

/** Strikes out an erasure to which nothing refers any more. What was locked a moment ago is found by the next run. */
const FINISH = statement(`
  DELETE FROM erasures e
   WHERE e.id = $1
     AND CASE e.kind
         WHEN 'campaign' THEN ${noneHas('donations', 'campaign_id')} AND ${noneHas('idempotent_requests', 'campaign_id')}
         WHEN 'child' THEN ${noneHas('idempotent_requests', 'child_id')}
         ELSE ${noneHas('donations', 'donor_id')} AND ${noneHas('idempotent_requests', 'parent_id')}
              AND (SELECT d.id FROM donations d
                    WHERE ${having('lower(d.donor_email)', 'e.address')} AND d.donor_id IS NULL AND d.id <= e.last_gift
                    ORDER BY lower(d.donor_email), d.id LIMIT 1) IS NULL END
  RETURNING true AS finished`);

const COLUMNS = columns<Erasure>({
  id: 'id',
  kind: 'kind',
  subjectId: 'subject_id',
  address: 'address',
  lastGift: 'last_gift',
});

const PENDING = statement(
  `SELECT ${COLUMNS} FROM erasures ORDER BY erased_at, kind, id LIMIT $1::int`,
);

const OF_THIS_TRANSACTION = statement(
  `SELECT ${COLUMNS} FROM erasures WHERE erased_at = now() ORDER BY kind, id LIMIT $1::int`,
);

/** One at a time, so that no two comments go in one commit. */
const FORGET_COMMENT = statement(`
  UPDATE donations SET comment = '', comment_until = NULL
   WHERE id = (SELECT id FROM donations WHERE comment_until <= $1::timestamptz
                ORDER BY comment_until LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
  RETURNING id`);

/** What is to be erased, longest waiting first; or only what the current transaction has deleted. */
export function findErasures(
  db: Database,
  { most, ofThisTransaction = false }: { most: number; ofThisTransaction?: boolean },
): Promise<Erasure[]> {
  return db.query<Erasure>(ofThisTransaction ? OF_THIS_TRANSACTION : PENDING, [most]);
}

/** Handles one batch: gives how many rows that were, and the last of them. */
export async function eraseBatch(
  db: Database,
  step: Step,
  batch: BatchValues,
): Promise<{ handled: number; last: number | null }> {
  const [row] = await db.query<{ handled: number; last: number | null }>(
    step.statement,
    step.values(batch),
  );
  return row!;
}

/** Ends an erasure; false if rows still refer to it. */
export async function finishErasure(db: Database, { id }: Erasure): Promise<boolean> {
  return (await db.query(FINISH, [id])).length > 0;
}

/** Forgets the comment of one anonymous donation whose moment has come; false if there is none. */
export async function forgetOneComment(db: Database, now: Date): Promise<boolean> {
  return (await db.query(FORGET_COMMENT, [now])).length > 0;
}
