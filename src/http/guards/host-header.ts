import type { Request, RequestHandler } from 'express';
import { Refusal } from '../../core/errors.js';

/** A host and a port as in a URL; the host may be empty. */
const HOST = /^(\[[\w.:~!$&'()*+,;=-]+\]|([\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(:\d*)?$/i;

/** Refuses requests without a Host header, with two, and with one that names no host (RFC 9112, 3.2). */
export const hostHeader: RequestHandler = (req, _res, next) => {
  const { httpVersion, headers } = req;
  if (headers.host === undefined ? httpVersion === '1.0' : isOneHost(req, headers.host)) {
    next();
    return;
  }
  throw new Refusal('malformed', 'The request needs one Host header that names a host.');
};

/** Node keeps the first of several Host headers. */
function isOneHost({ rawHeaders }: Request, host: string): boolean {
  const isHost = (name: string, at: number) => at % 2 === 0 && name.toLowerCase() === 'host';
  return HOST.test(host) && rawHeaders.filter(isHost).length === 1;
}
