import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import type { Change } from '../../database/changes.js';
import type { ParentContext } from '../../context.js';
import { Refusal } from '../../core/errors.js';
import { inTime } from '../../core/timeout.js';
import type { Outbox } from '../../database/outbox.js';
import type { Replica } from '../../database/replica.js';
import type { Route } from './route.js';
import { isToBeHandled } from './allowed-methods.js';
import { contextFor, type Authenticate } from '../guards/authenticate.js';
import { takeDownloadPlace, takenInTime } from './downloads.js';
import type { IncomingCall } from './incoming-call.js';
import type { Found } from './find-route.js';
import type { Limits } from '../guards/limits.js';
import { ownAddress } from './own-address.js';
import { wellFormedFields } from './parse.js';
import type { Download, Reply } from './reply.js';
import type { Rendered, SharedAnswers } from './shared-answers.js';

/** What serving stands on. */
interface Serving {
  publicUrl: string | undefined;
  authenticate: Authenticate;
  limits: Limits;
  answers: SharedAnswers;
  /** Where visitors' reads go, if not to the database that is written to. */
  replica: Pick<Replica, 'reads' | 'changed'> | undefined;
  outbox: Pick<Outbox, 'soon'> | undefined;
}

/**
 * Answers what `findRoute` has found: 405 with `Allow` for a method that the path doesn't have. Paths that the
 * map doesn't have are left to whatever comes next.
 */
export function serve(serving: Serving): RequestHandler {
  const { publicUrl, answers, replica, outbox } = serving;
  return async (req, res, next) => {
    const { found } = req;
    if (!found) {
      next();
      return;
    }
    const { route, allow } = found;
    if (!isToBeHandled(req, res, allow) || !route) return;
    if (isNegotiated(route)) res.vary('Accept');
    const beforeTooLate = <Answer>(answer: Promise<Answer>) =>
      inTime(answer, req.ctx.settings.waits.response, tooLate);
    const shared = req.headers.authorization === undefined ? route.endpoint.shared : undefined;
    if (shared) {
      const ready = answers.ready(req.url, req.ctx.now);
      if (ready) {
        sendShared(req, res, ready, publicUrl);
        return;
      }
      const ctx = replica ? { ...req.ctx, db: replica.reads } : req.ctx;
      const understand = () => shared(ctx as ParentContext, callOf(req, found));
      const source = await beforeTooLate(answers.sourceOf(req.url, understand));
      sendShared(req, res, await beforeTooLate(answers.answer(source, ctx)), publicUrl);
      return;
    }
    const reply = await beforeTooLate(run(route, found, req, serving));
    if (route.method !== 'GET') outbox?.soon();
    const changes = changesBy(route, reply);
    // First the replica, so that nothing is read from before the change and kept after it.
    if (changes.length > 0) replica?.changed();
    for (const change of changes) answers.changed(change);
    await send(req, res, reply, publicUrl);
  };
}

/** What was begun may still succeed: asked again with the same Idempotency-Key, it tells. */
function tooLate(): Refusal {
  return new Refusal('unavailable', 'This takes too long just now. Try again in a moment.');
}

/** Whether the answer is JSON or a download, as `Accept` says. */
function isNegotiated({ endpoint: { description } }: Route): boolean {
  return description.answer.schema !== undefined && description.answer.downloads !== undefined;
}

/** The answer to every path that the map doesn't have. */
export const nothingHere: RequestHandler = () => {
  throw new Refusal('not_found', 'There is nothing at this address.');
};

async function run(
  { audience, endpoint }: Route,
  found: Found,
  req: Request,
  { limits, authenticate }: Serving,
): Promise<Reply> {
  const ctx = await contextFor(audience, req, authenticate);
  req.ctx = ctx;
  const call = callOf(req, found);
  const { body: schema } = endpoint.description;
  const fields = wellFormedFields(schema, call.body);
  const { query } = req;
  const caller = { address: ctx.client.address, parent: ctx.parent, fields, query };
  return limits.within(found.limits, caller, req.isClientCounted === true, (standing) => {
    const client = { ...ctx.client, ...standing };
    return endpoint.run({ ...ctx, client } as ParentContext, call);
  });
}

function callOf(req: Request, { params }: Found): IncomingCall {
  const [, rawQuery = ''] = req.url.split(/\?(.*)/s, 2);
  const { method, query, headers, rawBody, routePattern = '' } = req;
  const route = `${method} ${routePattern}`;
  return { params, query, rawQuery, body: req.body as unknown, rawBody, headers, route };
}

/** What this process knows to have changed, without waiting to hear of it. */
function changesBy({ method, audience }: Route, { changed }: Reply): Change[] {
  if (method === 'GET') return [];
  // Signing in and its like change nothing that visitors see.
  return changed ?? (audience === 'ignoring tokens' ? [] : [{ of: 'all' }]);
}

function sendShared(
  req: Request,
  res: Response,
  { bytes, etag, next, total }: Rendered,
  publicUrl: string | undefined,
): void {
  // Whoever keeps it asks each time whether it still holds, for it changes as people give.
  res.set({ 'Cache-Control': 'public, no-cache', ETag: etag });
  res.vary('Authorization');
  setNextPage(req, res, next, publicUrl);
  setTotal(res, total);
  if (req.fresh) {
    res.status(304).end();
    return;
  }
  res.set({
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(bytes.length),
  });
  res.end(bytes);
}

async function send(
  req: Request,
  res: Response,
  { status, body, next, total, redirect, download, repeated }: Reply,
  publicUrl: string | undefined,
): Promise<void> {
  res.set('Cache-Control', 'no-store');
  setNextPage(req, res, next, publicUrl);
  setTotal(res, total);
  if (redirect) res.set('Location', redirect.location);
  if (redirect?.cookie !== undefined) res.set('Set-Cookie', redirect.cookie);
  res.status(status);
  if (download) await sendDownload(res, download);
  else if (repeated !== undefined) {
    res.set('Idempotent-Replayed', 'true').type('json').send(repeated);
  } else if (body === undefined) res.end();
  else res.json(body);
}

async function sendDownload(res: Response, { type, filename, content }: Download): Promise<void> {
  if (res.destroyed) {
    // The client has left: no `close` would follow that gives the download's place back.
    if (!Buffer.isBuffer(content)) content.destroy();
    return;
  }
  if (!Buffer.isBuffer(content) && res.req.method !== 'HEAD') {
    try {
      takeDownloadPlace(res.req.ctx, res);
    } catch (error) {
      content.destroy();
      throw error;
    }
  }
  res.type(type).attachment(filename);
  if (Buffer.isBuffer(content)) {
    res.send(content);
  } else if (res.req.method === 'HEAD') {
    content.destroy();
    res.end();
  } else {
    await pipeline(takenInTime(content, res.req.ctx, res), res);
  }
}

function setTotal(res: Response, total: number | undefined): void {
  if (total !== undefined) res.set('X-Total-Count', String(total));
}

function setNextPage(
  req: Request,
  res: Response,
  next: string | undefined,
  publicUrl: string | undefined,
): void {
  if (next === undefined) return;
  res.set('Link', `<${ownAddress(req, publicUrl, req.path)}?${next}>; rel="next"`);
}
