import type { RequestHandler } from 'express';

/**
 * Takes off the path of the public address where a proxy has left it, and finds the route anew. What the URL map knows
 * as it came is left alone: behind a proxy that strips `/api`, `/api/token/` is our own.
 */
export function underThePathOf(
  publicUrl: string | undefined,
  find: RequestHandler,
): RequestHandler {
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
  return (req, res, next) => {
    const isUnder = prefix !== '' && (req.path === prefix || req.path.startsWith(`${prefix}/`));
    if (req.found || !isUnder) {
      next();
      return;
    }
    req.url = req.url.slice(prefix.length).replace(/^(?!\/)/, '/');
    find(req, res, next);
  };
}
