import type { RequestHandler, Router } from 'express';
import { isToBeHandled } from './allowed-methods.js';

/** Adds to a router a path beside the URL map, which is only read: 405 with `Allow` for other methods. */
export function readOnly(router: Router, path: string, handler: RequestHandler<never>): void {
  router.all(path, (req, res, next) => {
    req.routePattern = path;
    if (isToBeHandled(req, res, ['GET', 'HEAD'])) return handler(req as never, res, next);
  });
}
