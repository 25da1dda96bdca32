import { createHmac, randomUUID } from 'node:crypto';
import type { Context, ParentContext } from '../../../context.js';
import { whenViolated } from '../../../core/database-errors.js';
import type { Transaction } from '../../../database/client.js';
import { Refusal } from '../../../core/errors.js';
import { hashOfToken } from '../../../core/one-time-secrets.js';
import type { SessionRow } from './sessions.presenter.js';
import { signAccess, signRefresh, tokenNotValid, verifyRefresh, type Life } from './tokens.js';

/** Seconds after which a session ends, however often it was refreshed: 90 days. */
const LONGEST_SESSION = 90 * 24 * 3600;

/** Milliseconds in which the token spent last may be replayed, for a client that lost the answer. */
const REPLAY_WINDOW = 10_000;

/** How many sessions a list shows. */
const MOST_SESSIONS = 100;

/** What a client signs its requests with, and what it gets the next pair with. */
export interface TokenPair {
  access: string;
  refresh: string;
}

/** Starts a session for a parent who has proved to be that parent. */
export async function startSession(
  ctx: Context,
  tx: Transaction,
  parentId: number,
): Promise<TokenPair> {
  const expiresAt = new Date(ctx.now.getTime() + LONGEST_SESSION * 1000);
  await tx.session.deleteMany({ where: { parentId, expiresAt: { lte: ctx.now } } });
  const session = await tx.session
    .create({
      data: {
        parentId,
        createdAt: ctx.now,
        rotatedAt: ctx.now,
        expiresAt,
        userAgent: ctx.client.userAgent,
      },
    })
    .catch(whenViolated('sessions_parent_id_fkey', tokenNotValid));
  const refresh = signRefresh(
    { parentId, sessionId: session.id, jti: randomUUID() },
    refreshLife(ctx, ctx.now, expiresAt),
    ctx.settings.jwtSecret,
  );
  await tx.session.update({ where: { id: session.id }, data: { tokenHash: hashOfToken(refresh) } });
  return { access: accessFor(ctx, parentId, session.id), refresh };
}

/**
 * Spends a refresh token for the next pair. The token spent last gets the same successor for ten seconds;
 * any older one means that two parties hold this session, and ends it.
 * @throws Refusal `token_not_valid`.
 */
export async function refreshSession(ctx: Context, refresh: string): Promise<TokenPair> {
  const { parentId, sessionId } = verifyRefresh(refresh, ctx.now, ctx.settings.jwtSecret);
  const where = { id: sessionId, parentId, expiresAt: { gt: ctx.now }, parent: { isActive: true } };
  const session = await ctx.db.prisma.session.findFirst({ where });
  if (!session) throw tokenNotValid();
  const successorAt = (moment: Date) => successor(ctx, refresh, moment, session);

  const next = successorAt(ctx.now);
  const spent = await ctx.db.prisma.session.updateMany({
    where: { ...where, tokenHash: hashOfToken(refresh) },
    data: {
      tokenHash: hashOfToken(next),
      spentTokenHash: hashOfToken(refresh),
      rotatedAt: ctx.now,
    },
  });
  if (spent.count === 1) return { access: accessFor(ctx, parentId, sessionId), refresh: next };

  const rotatedAt = await replayableSince(ctx, sessionId, refresh);
  return { access: accessFor(ctx, parentId, sessionId), refresh: successorAt(rotatedAt) };
}

/** Signs out the session of a refresh token. @throws Refusal `token_not_valid`. */
export async function endSessionOf(ctx: Context, refresh: string): Promise<void> {
  const { parentId, sessionId } = verifyRefresh(refresh, ctx.now, ctx.settings.jwtSecret);
  const ended = await ctx.db.prisma.session.deleteMany({ where: { id: sessionId, parentId } });
  if (ended.count === 0) throw tokenNotValid();
}

/** Ends a parent's other sessions, and this one's refresh token: it lasts as long as its access token. */
export async function endRefreshTokens(ctx: ParentContext, tx: Transaction): Promise<void> {
  const { id: parentId, sessionId } = ctx.parent;
  await endSessions(tx, parentId, sessionId);
  await tx.session.updateMany({
    where: { id: sessionId, parentId },
    data: { tokenHash: null, spentTokenHash: null },
  });
}

/** The signed-in parent's sessions, newest first. */
export function listSessions(ctx: ParentContext): Promise<SessionRow[]> {
  return ctx.db.prisma.session.findMany({
    where: {
      parentId: ctx.parent.id,
      expiresAt: { gt: ctx.now },
      OR: [{ tokenHash: { not: null } }, { id: ctx.parent.sessionId }],
    },
    orderBy: { id: 'desc' },
    take: MOST_SESSIONS,
  });
}

/** Ends one session of the signed-in parent. @throws Refusal 404 when there is no such session. */
export async function endSession(ctx: ParentContext, id: number): Promise<void> {
  const ended = await ctx.db.prisma.session.deleteMany({ where: { id, parentId: ctx.parent.id } });
  if (ended.count === 0) throw new Refusal('not_found', 'There is no such session.');
}

/** Ends all sessions of the signed-in parent but the one that asks. */
export async function endOtherSessions(
  ctx: ParentContext,
  tx: Transaction = ctx.db.prisma,
): Promise<void> {
  await endSessions(tx, ctx.parent.id, ctx.parent.sessionId);
}

/** Ends a parent's sessions but one, with the codes that would begin others. */
export async function endSessions(
  tx: Transaction,
  parentId: number,
  exceptId?: number,
): Promise<void> {
  await tx.exchangeCode.deleteMany({ where: { parentId } });
  await tx.session.deleteMany({
    where: { parentId, ...(exceptId !== undefined && { id: { not: exceptId } }) },
  });
}

/**
 * For changes that decide who owns the account: the session that asks is still there, and stays until the
 * transaction ends.
 * @throws Refusal `token_not_valid` when it was ended while the request was under way.
 */
export async function requireSession(ctx: ParentContext, tx: Transaction): Promise<void> {
  const sessions = await tx.$queryRaw<unknown[]>`
    SELECT id FROM sessions WHERE id = ${ctx.parent.sessionId} FOR UPDATE`;
  if (sessions.length === 0) throw tokenNotValid();
}

/** When `refresh` was spent, if that was the last one and just now; else the session ends. */
async function replayableSince(ctx: Context, sessionId: number, refresh: string): Promise<Date> {
  const session = await ctx.db.prisma.session.findUnique({ where: { id: sessionId } });
  if (!session?.tokenHash) throw tokenNotValid();
  const spentLast = session.spentTokenHash && hashOfToken(refresh).equals(session.spentTokenHash);
  const age = ctx.now.getTime() - session.rotatedAt.getTime();
  if (spentLast && age <= REPLAY_WINDOW) return session.rotatedAt;
  await ctx.db.prisma.session.deleteMany({ where: { id: sessionId } });
  throw tokenNotValid();
}

/** The token that follows `refresh`: the same each time, and known to nobody who doesn't hold `refresh`. */
function successor(
  ctx: Context,
  refresh: string,
  moment: Date,
  session: { id: number; parentId: number; expiresAt: Date },
): string {
  const { jwtSecret } = ctx.settings;
  const jti = createHmac('sha256', jwtSecret).update(`successor of ${refresh}`).digest('base64url');
  const claims = { parentId: session.parentId, sessionId: session.id, jti };
  return signRefresh(claims, refreshLife(ctx, moment, session.expiresAt), jwtSecret);
}

function accessFor(ctx: Context, parentId: number, sessionId: number): string {
  const iat = seconds(ctx.now);
  const life = { iat, exp: iat + ctx.settings.accessTokenTtl };
  return signAccess({ parentId, sessionId }, life, ctx.settings.jwtSecret);
}

function refreshLife(ctx: Context, from: Date, sessionEnd: Date): Life {
  const iat = seconds(from);
  return { iat, exp: Math.min(iat + ctx.settings.refreshTokenTtl, seconds(sessionEnd)) };
}

function seconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}
