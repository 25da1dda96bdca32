import { pipeline } from 'node:stream/promises';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { ParentContext } from '../core/context.js';
import { Refusal } from '../core/errors.js';
import type { Route } from '../routes.js';
import { contextFor } from './authenticate.js';
import type { Limits } from './limits.js';
import { wellFormedFields } from './parse.js';
import type { Download, Reply } from './reply.js';

/** Serves the URL map: each path with its methods, and 405 with `Allow` for every other method. */
export function serve(routes: Route[], publicUrl: string | undefined, limits: Limits): Router {
  const router = Router({ caseSensitive: true });
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const byMethod = new Map(here.map((route) => [route.method, route]));
    const allow = [...byMethod.keys()].flatMap((method) =>
      method === 'GET' ? ['GET', 'HEAD'] : [method],
    );
    router.all(path, async (req, res) => {
      req.routePattern = path;
      const route = byMethod.get(req.method === 'HEAD' ? 'GET' : req.method);
      if (!route) throw methodNotAllowed(res, allow);
      if (isNegotiated(route)) res.vary('Accept');
      await send(req, res, await run(route, req, limits), publicUrl);
    });
  }
  return router;
}

/** Whether the answer is JSON or a download, as `Accept` says. */
function isNegotiated({ endpoint: { description } }: Route): boolean {
  return description.answer.schema !== undefined && description.answer.downloads !== undefined;
}

/** Sets `Allow` and gives the refusal for a method that a path doesn't have. */
export function methodNotAllowed(res: Response, allow: string[]): Refusal {
  res.set('Allow', allow.join(', '));
  return new Refusal('method_not_allowed', `This address takes ${allow.join(', ')}.`);
}

/** The answer to every path that the map doesn't have. */
export const nothingHere: RequestHandler = () => {
  throw new Refusal('not_found', 'There is nothing at this address.');
};

async function run({ audience, endpoint }: Route, req: Request, limits: Limits): Promise<Reply> {
  const ctx = await contextFor(audience, req);
  const [, rawQuery = ''] = req.url.split(/\?(.*)/s, 2);
  const body: unknown = req.body;
  const { headers, rawBody } = req;
  const route = `${req.method} ${req.path.replace(/\/?$/, '/')}`;
  const call = { params: req.params, query: req.query, rawQuery, body, rawBody, headers, route };
  const answer = () => endpoint.run(ctx as ParentContext, call);

  const { limit, body: schema } = endpoint.description;
  if (!limit) return answer();
  const { parent, client } = ctx;
  const fields = wellFormedFields(schema, body);
  return limits.within(
    limit,
    { address: client.address, parentId: parent?.id ?? null, fields },
    answer,
  );
}

async function send(
  req: Request,
  res: Response,
  { status, body, next, redirect, download, repeated }: Reply,
  publicUrl: string | undefined,
): Promise<void> {
  res.set('Cache-Control', 'no-store');
  if (next !== undefined) {
    res.set('Link', `<${publicUrl ?? ownAddress(req)}${req.path}?${next}>; rel="next"`);
  }
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
  res.type(type).attachment(filename);
  if (Buffer.isBuffer(content)) {
    res.send(content);
  } else if (res.req.method === 'HEAD') {
    content.destroy();
    res.end();
  } else {
    await pipeline(content, res);
  }
}

/** The address that the client used, if it is one; else none, and the reference is relative (RFC 8288). */
function ownAddress({ protocol, headers: { host = '' } }: Request): string {
  return /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i.test(host) ? `${protocol}://${host}` : '';
}
