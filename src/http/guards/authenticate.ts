import { isUtf8 } from 'node:buffer';
import type { Request, RequestHandler } from 'express';
import type { Client, Context, ParentContext, SignedInParent } from '../../context.js';
import { Refusal } from '../../core/errors.js';
import { tidy } from '../../core/text.js';
import { networkOf } from './network.js';

/** How a route treats the `Authorization` header. */
export type Audience = 'ignoring tokens' | 'anyone' | 'parents';

/** Finds the parent whose access token an `Authorization` header has. @throws Refusal `token_not_valid` */
export type Authenticate = (ctx: Context, header: string) => Promise<SignedInParent>;

/** Builds `req.ctx` for a visitor; who signs the request is found out by `contextFor`. */
export function visitorContext(
  shared: Omit<Context, 'requestId' | 'now' | 'parent' | 'client'> & { clock: () => Date },
): RequestHandler {
  const { clock, log, ...rest } = shared;
  return (req, _res, next) => {
    req.ctx = {
      log: log.child({ id: req.id }),
      requestId: req.id,
      now: clock(),
      client: clientOf(req),
      parent: null,
      ...rest,
    };
    next();
  };
}

/**
 * The context that a route of this audience runs in.
 * @throws Refusal 401 when a token is bad, or when there is none and a parent is required.
 */
export async function contextFor(
  audience: Audience,
  req: Request,
  authenticate: Authenticate,
): Promise<Context | ParentContext> {
  const header = req.headers.authorization;
  if (audience === 'ignoring tokens') return req.ctx;
  if (!header) {
    if (audience === 'anyone') return req.ctx;
    throw new Refusal(
      'not_authenticated',
      'Sign in first: send an access token as Authorization: Bearer.',
    );
  }
  return { ...req.ctx, parent: await authenticate(req.ctx, header) };
}

const LONGEST_USER_AGENT = 300;

function clientOf(req: Request): Client {
  const address = req.ip ?? '';
  const { client, site = client } = networkOf(address);
  return { address, network: site, userAgent: userAgentOf(req.headers['user-agent'] ?? '') };
}

/** Node reads a header's bytes as Latin-1. */
function userAgentOf(header: string): string {
  const bytes = Buffer.from(header.slice(0, 4 * LONGEST_USER_AGENT), 'latin1');
  const text = isUtf8(bytes) ? bytes.toString() : header.slice(0, LONGEST_USER_AGENT);
  return Array.from(tidy(text.replace(/[\x80-\x9f]/g, '')))
    .slice(0, LONGEST_USER_AGENT)
    .join('');
}
