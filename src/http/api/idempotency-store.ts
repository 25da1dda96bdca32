import { createHmac } from 'node:crypto';
import { inBatches } from '../../core/batches.js';
import type { Context } from '../../context.js';
import { violatedConstraint } from '../../core/database-errors.js';
import type { Database } from '../../database/client.js';
import { statement } from '../../database/statement.js';
import { DONATION_IS_LEFT_ALONE, DONOR_IS_ERASED, ERASED } from '../../database/erased.js';
import { Refusal } from '../../core/errors.js';

/** Hours for which a request is remembered (contract, Donations: Idempotency-Key). */
const REMEMBERED = 24;

/** Seconds for which whoever finishes a request has it for themselves: longer than any request takes. */
const LEASE = 15;

/** The constraints that tie what is remembered to those of whom it tells. */
const SUBJECT_GONE = /^idempotent_requests_\w+_id_fkey$/;

/** A request with a key: whose and where is in its scope. Both hashes are under our secret. */
export interface KeyedRequest {
  scope: Buffer<ArrayBuffer>;
  bodyHash: Buffer<ArrayBuffer>;
  /** Method and path. */
  route: string;
  callerId: number | null;
}

/** A request for which a donation was begun. */
export interface BegunRequest extends KeyedRequest {
  donationId: number;
}

/** What an answer mentions: it is erased with any of them, and the request is not carried out again. */
export interface Subject {
  childId?: number;
  campaignId?: number;
  donationId?: number;
}

/** What is remembered of a request; without an answer, of one whose donation was begun. */
export interface KnownRequest {
  bodyHash: Uint8Array;
  /** Whether something that the answer mentions has been deleted. */
  isErased: boolean;
  status: number | null;
  answer: string | null;
}

/** Names a request: all guests are one caller (null). */
export function keyedRequest(
  { jwtSecret }: { jwtSecret: string },
  { callerId, route, key, body }: Given,
): KeyedRequest {
  const hash = (...parts: unknown[]) =>
    createHmac('sha256', jwtSecret)
      .update(JSON.stringify(['idempotency', ...parts]))
      .digest();
  return {
    scope: hash(callerId, route, key),
    bodyHash: hash(inOrder(body)),
    route,
    callerId,
  };
}

interface Given {
  callerId: number | null;
  route: string;
  key: string;
  body: unknown;
}

/** The same value with its names in order, so that the order in which they were sent doesn't matter. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, inOrder(inner)]),
  );
}

/**
 * A stored response is given out only while all that it mentions is there. That a refund was made is remembered without
 * its reason, for it must not be made twice.
 */
const FIND = statement(`
  SELECT r.body_hash AS "bodyHash", r.status,
         r.status IS NOT DISTINCT FROM ${ERASED}
         OR r.child_id IS NOT NULL AND NOT EXISTS (SELECT FROM children ch WHERE ch.id = r.child_id)
         OR r.campaign_id IS NOT NULL AND (NOT EXISTS (SELECT FROM campaigns c WHERE c.id = r.campaign_id)
            OR d.id IS NOT NULL AND ${DONOR_IS_ERASED}) AS "isErased",
         CASE WHEN d.id IS NOT NULL AND r.answer::jsonb ? 'reason' AND ${DONATION_IS_LEFT_ALONE}
              THEN jsonb_set(r.answer::jsonb, '{reason}', '""')::text ELSE r.answer END AS answer
    FROM idempotent_requests r LEFT JOIN donations d ON d.id = r.donation_id
   WHERE r.scope = $1 AND r.created_at > $2::timestamptz`);

/** What is remembered of a request. */
export async function findRequest(
  { db, now }: Pick<Context, 'db' | 'now'>,
  { scope }: KeyedRequest,
): Promise<KnownRequest | null> {
  const [known] = await db.query<KnownRequest>(FIND, [scope, hoursBefore(now, REMEMBERED)]);
  return known ?? null;
}

/** Keeps the request for this transaction alone. Gives whether nobody else has it. */
export async function lockRequest(
  db: Database,
  { scope, callerId }: KeyedRequest,
): Promise<boolean> {
  // The caller first, as giving and the end of an account do: the answer will point at the caller's row.
  await db.prisma.$executeRaw`SELECT id FROM parents WHERE id = ${callerId}::int FOR KEY SHARE`;
  const [row] = await db.prisma.$queryRaw<[{ locked: boolean }]>`
    SELECT pg_try_advisory_xact_lock(${scope.readBigInt64BE()}::bigint) AS locked`;
  return row.locked;
}

/** Remembers the answer to a request that was locked. @throws Refusal as `remember` does. */
export async function rememberAnswer(
  ctx: Pick<Context, 'db' | 'now'>,
  request: KeyedRequest,
  answered: { status: number; answer: string },
  subject: Subject,
): Promise<void> {
  await remember(ctx, request, subject, { ...answered, leasedUntil: null });
}

/**
 * Remembers that a donation was begun for a request that was locked, which whoever begins it finishes.
 * @throws Refusal as `remember` does.
 */
export async function rememberBegun(
  ctx: Pick<Context, 'db' | 'now'>,
  request: KeyedRequest,
  subject: Subject & { donationId: number },
): Promise<void> {
  const leasedUntil = secondsAfter(ctx.now, LEASE);
  await remember(ctx, request, subject, { status: null, answer: null, leasedUntil });
}

/** @throws Refusal `unavailable` when of whom it tells is gone: asked again, the request finds that out. */
async function remember(
  { db, now }: Pick<Context, 'db' | 'now'>,
  { scope, callerId, ...request }: KeyedRequest,
  subject: Subject,
  state: { status: number | null; answer: string | null; leasedUntil: Date | null },
): Promise<void> {
  const nobody = { childId: null, campaignId: null, donationId: null };
  const row = { ...request, parentId: callerId, ...nobody, ...subject, ...state, createdAt: now };
  await db.prisma.idempotentRequest
    .upsert({ where: { scope }, create: { scope, ...row }, update: row })
    .catch((error: unknown) => {
      if (!SUBJECT_GONE.test(violatedConstraint(error) ?? '')) throw error;
      throw new Refusal(
        'unavailable',
        'What this is about is being deleted. Try again in a moment.',
      );
    });
}

/** Takes over a request that was begun. Gives its donation; null while somebody else is at work. */
export async function resumeRequest(
  { db, now }: Pick<Context, 'db' | 'now'>,
  { scope }: KeyedRequest,
): Promise<number | null> {
  const [taken] = await db.prisma.idempotentRequest.updateManyAndReturn({
    where: { scope, status: null, OR: [{ leasedUntil: null }, { leasedUntil: { lte: now } }] },
    data: { leasedUntil: secondsAfter(now, LEASE) },
    select: { donationId: true },
  });
  return taken?.donationId ?? null;
}

/** Remembers the answer to a request that was begun, unless it was erased meanwhile. */
export async function rememberFinished(
  db: Database,
  request: BegunRequest,
  { status, answer }: { status: number; answer: string },
): Promise<void> {
  await db.prisma.idempotentRequest.updateMany({
    where: unfinished(request),
    data: { status, answer, leasedUntil: null },
  });
}

/** Lets whoever asks next finish the request. */
export async function releaseRequest(db: Database, request: BegunRequest): Promise<void> {
  await db.prisma.idempotentRequest.updateMany({
    where: unfinished(request),
    data: { leasedUntil: null },
  });
}

/** Forgets a request that was begun and can't be finished any more. */
export async function forgetRequest(db: Database, request: BegunRequest): Promise<void> {
  await db.prisma.idempotentRequest.deleteMany({ where: unfinished(request) });
}

/** With its donation: whoever stalled past the lease finds that the key may stand for another by now. */
function unfinished({ scope, donationId }: BegunRequest) {
  return { scope, donationId, status: null };
}

/** Forgets what needs not be remembered any more. */
export async function forgetOldRequests({ db, now }: Pick<Context, 'db' | 'now'>): Promise<void> {
  const where = { createdAt: { lte: hoursBefore(now, REMEMBERED) } };
  await inBatches(async (limit) => {
    const { count } = await db.prisma.idempotentRequest.deleteMany({ where, limit });
    return count;
  });
}

function hoursBefore(now: Date, hours: number): Date {
  return new Date(now.getTime() - hours * 3_600_000);
}

function secondsAfter(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
