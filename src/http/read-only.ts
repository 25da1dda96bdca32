import type { RequestHandler, Router } from 'express';
import { methodNotAllowed } from './serve.js';

/** Adds to a router a path beside the URL map, which is only read: 405 with `Allow` for other methods. */
export function readOnly(router: Router, path: string, handler: RequestHandler<never>): void {
  router.all(path, (req, res, next) => {
    req.routePattern = path;
    if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(res, ['GET', 'HEAD']);
    return handler(req as never, res, next);
  });
}
