import type { IncomingHttpHeaders } from 'node:http';
import { request, type Request } from 'express';

/**
 * Whether a client would rather have a media type than JSON, by the weights of its `Accept` (RFC 9110,
 * 12.5.1). A browser, which would rather have HTML, shows the document to a person. JSON is for all who
 * don't care, and for those who want neither.
 */
export function prefersToJson(type: string, headers: IncomingHttpHeaders): boolean {
  // Express's own rule, which looks at nothing but the headers.
  const accepts = (...types: string[]) => request.accepts.call({ headers } as Request, ...types);
  const best = accepts('application/json', type, 'text/html');
  return best === type || (best === 'text/html' && accepts(type) !== false);
}
