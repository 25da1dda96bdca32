import type { IncomingHttpHeaders } from 'node:http';
import cors from 'cors';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from '../../observability/logger.js';
import { matchesOrigin } from '../../core/origins.js';

/** What a script may read of a response, beside what browsers always let it read. */
export const EXPOSED = [
  'Allow',
  'Accept',
  'Accept-Encoding',
  'Content-Disposition',
  'ETag',
  'Idempotent-Replayed',
  'Link',
  'Location',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
  'X-Total-Count',
];

/** What this API reads, and what libraries for requests, tracing and error reports add. */
const USUAL = [
  'Accept',
  'Accept-Language',
  'Authorization',
  'Baggage',
  'Cache-Control',
  'Content-Language',
  'Content-Type',
  'Idempotency-Key',
  'If-Modified-Since',
  'If-None-Match',
  'Pragma',
  'Sentry-Trace',
  'Traceparent',
  'Tracestate',
  'X-Request-Id',
  'X-Requested-With',
];

/** Characters of the other header names that a preflight may ask for. */
const LONGEST_ASKED = 2_000;

const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;

/** Seconds for which a browser remembers a preflight. */
const PREFLIGHT_AGE = 600;

const LONGEST_LOGGED = 300;

/** Lets browser apps of these origins (which may have wildcards) call the API and read its responses. */
export function crossOrigin(origins: string[], log: Logger): RequestHandler {
  const isAllowed = matchesOrigin(origins);
  const answer = cors((req, respond) =>
    respond(null, {
      origin: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: allowedHeaders(req.headers['access-control-request-headers']),
      maxAge: PREFLIGHT_AGE,
      preflightContinue: !isPreflight(req),
    }),
  );
  return (req, res, next) => {
    res.vary('Origin');
    const { origin } = req.headers;
    if (origin !== undefined && isAllowed(origin)) {
      // No script reads the response to a preflight.
      if (isPreflight(req)) res.vary('Access-Control-Request-Headers');
      else exposeHeaders(res);
      answer(req, res, next);
      return;
    }
    if (origin !== undefined && !isOwn(origin, req)) {
      log.debug({ id: req.id, origin: origin.slice(0, LONGEST_LOGGED) }, 'origin refused');
    }
    if (isPreflight(req)) res.status(204).end();
    else next();
  };
}

type Asked = { method?: string | undefined; headers: IncomingHttpHeaders };

function isPreflight({ method, headers }: Asked): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/** A page of this server itself, such as the one at `/docs`, needs no permission. */
function isOwn(origin: string, { headers }: Request): boolean {
  return URL.canParse(origin) && new URL(origin).host === headers.host;
}

/** The usual ones, and those asked for: no cookie gives a header of an allowed origin more weight than a body has. */
function allowedHeaders(asked = ''): string[] {
  if (asked.length > LONGEST_ASKED || !HEADER_NAMES.test(asked)) return USUAL;
  const known = new Set(USUAL.map((name) => name.toLowerCase()));
  const others = asked.split(',').map((name) => name.trim());
  return [...USUAL, ...others.filter((name) => !known.has(name.toLowerCase()))];
}

/** Each response names those that it has, which is shorter than all that any may have. */
function exposeHeaders(res: Response): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => Response;
  res.writeHead = (...args: unknown[]) => {
    const present = EXPOSED.filter((name) => res.hasHeader(name));
    res.setHeader('Access-Control-Expose-Headers', present.join(', '));
    return writeHead(...args);
  };
}
