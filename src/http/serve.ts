import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { ParentContext } from '../core/context.js';
import { Refusal } from '../core/errors.js';
import type { Route } from '../routes.js';
import { contextFor } from './authenticate.js';
import type { Reply } from './endpoint.js';
import type { Limits } from './limits.js';
import { wellFormedFields } from './parse.js';

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
      send(req, res, await run(route, req, limits), publicUrl);
    });
  }
  return router;
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
  const { cookie } = req.headers;
  const call = { params: req.params, query: req.query, rawQuery, body, cookie };
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

function send(
  req: Request,
  res: Response,
  { status, body, next, redirect }: Reply,
  publicUrl: string | undefined,
): void {
  res.set('Cache-Control', 'no-store');
  if (next !== undefined) {
    res.set('Link', `<${publicUrl ?? ownAddress(req)}${req.path}?${next}>; rel="next"`);
  }
  if (redirect) res.set('Location', redirect.location);
  if (redirect?.cookie !== undefined) res.set('Set-Cookie', redirect.cookie);
  res.status(status);
  if (body === undefined) res.end();
  else res.json(body);
}

/** The address that the client used, if it is one; else none, and the reference is relative (RFC 8288). */
function ownAddress({ protocol, headers: { host = '' } }: Request): string {
  return /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i.test(host) ? `${protocol}://${host}` : '';
}
