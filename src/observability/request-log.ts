import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from './logger.js';
import { countRequest } from './metrics.js';

/**
 * Gives each request its id (`X-Request-Id`) and, once it is over, one log line with the same id. The line
 * names the route, not the URL: paths and queries may hold what a person typed.
 */
export function requestLog(log: Logger): RequestHandler {
  // These lines have named fields of ours only: there is nothing to look through for secrets.
  const lines = log.child({}, { redact: { paths: [] } });
  return (req, res, next) => {
    const began = process.hrtime.bigint();
    req.id = randomUUID();
    res.set('X-Request-Id', req.id);
    res.once('close', () => {
      const ms = Number((process.hrtime.bigint() - began) / 10_000n) / 100;
      const fields = {
        id: req.id,
        method: req.method,
        route: req.routePattern,
        status: res.statusCode,
        ms,
      };
      const finished = res.writableFinished;
      if (res.statusCode >= 500) lines.error(fields, 'request');
      else lines.info(finished ? fields : { ...fields, aborted: true }, 'request');
      countRequest({ ...fields, status: finished ? res.statusCode : 'aborted' });
    });
    next();
  };
}
