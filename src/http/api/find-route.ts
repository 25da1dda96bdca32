import { Router, type RequestHandler } from 'express';
import type { LimitName } from '../../config/limit-figures.js';
import type { Route } from './route.js';

/** What the URL map has for a request. */
export interface Found {
  /** Absent: the path doesn't have the method. */
  route: Route | undefined;
  /** The methods that the path has. */
  allow: string[];
  params: Record<string, unknown>;
  /** The limits that the request is counted under. */
  limits: LimitName[];
}

/** Finds the route of each request and leaves it in `req.found`, before anything of the request is looked at. */
export function findRoute(routes: Route[]): RequestHandler {
  const routers = new Map<string, Router>();
  for (const path of literalFirst(routes.map((route) => route.path))) {
    const router = routers.get(firstPart(path)) ?? Router({ caseSensitive: true });
    routers.set(firstPart(path), router);
    const here = routes.filter((route) => route.path === path);
    const byMethod = new Map(
      here.map((route) => [route.method, { route, limits: limitsOf(route) }]),
    );
    const allow = [...byMethod.keys()].flatMap((method) =>
      method === 'GET' ? ['GET', 'HEAD'] : [method],
    );
    router.all(path, (req, _res, next) => {
      const known = byMethod.get(req.method === 'HEAD' ? 'GET' : req.method);
      const { route, limits = [] } = known ?? {};
      req.routePattern = path;
      req.found = { route, allow, params: req.params, limits };
      next('router');
    });
  }
  const handler: RequestHandler = (req, res, next) => {
    const router = routers.get(firstPart(req.path));
    if (router) router(req, res, next);
    else next();
  };
  // As any router of Express shows what it routes.
  return Object.assign(handler, { stack: [...routers.values()].flatMap(({ stack }) => stack) });
}

/** The limits of a route: its own, and those of all reads or writes. */
export function limitsOf({ method, endpoint: { description } }: Route): LimitName[] {
  const { limit } = description;
  if (limit === 'none') return [];
  return [...(limit === undefined ? [] : [limit]), method === 'GET' ? 'reads' : 'writes'];
}

/** Each path once, and those with a word before those with a parameter in its place: the first that fits answers. */
function literalFirst(paths: string[]): string[] {
  const rank = (path: string) => path.replaceAll(':', '\uffff');
  return [...new Set(paths)].sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
}

/** What a path begins with: only the paths that begin alike are compared with it. */
function firstPart(path: string): string {
  const end = path.indexOf('/', 1);
  return path.slice(1, end === -1 ? undefined : end);
}
