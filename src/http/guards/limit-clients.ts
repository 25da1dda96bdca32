import type { Request, RequestHandler } from 'express';
import type { Limits } from './limits.js';
import type { Client } from './limit-callers.js';

/** Refuses clients that are known to be over a limit: before their body is read, and without a question to anyone. */
export function refuseKnownClients(limits: Limits): RequestHandler {
  return (req, _res, next) => {
    const { found } = req;
    if (found && mayCountEarly(req)) limits.refuseKnown(found.limits, clientOf(req));
    next();
  };
}

/**
 * Counts a request under the limits that need nothing but the client's address, before its body is parsed.
 * `isFree` tells which responses cost nothing.
 */
export function countClients(limits: Limits, isFree: (req: Request) => boolean): RequestHandler {
  return async (req, _res, next) => {
    const { found } = req;
    if (found && mayCountEarly(req)) {
      req.isClientCounted = true;
      // No wait where nobody has to be asked: most reads stay synchronous.
      const counting = isFree(req) ? undefined : limits.countClient(found.limits, clientOf(req));
      if (counting) await counting;
    }
    next();
  };
}

function clientOf({ ctx, query }: Request): Client {
  return { address: ctx.client.address, query };
}

/** Where a parent may be counted, 401 comes first: everything is counted once the parent is known. */
function mayCountEarly({ found, headers }: Request): boolean {
  const audience = found?.route?.audience;
  if (audience === 'parents') return false;
  return audience === 'ignoring tokens' || headers.authorization === undefined;
}
