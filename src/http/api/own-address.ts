import type { Request } from 'express';

/**
 * The address of a path of ours as the client can reach it: under the public address; without one under the address
 * that the client used, if that is one; else relative to the host (RFC 8288).
 */
export function ownAddress(req: Request, publicUrl: string | undefined, path: string): string {
  return `${publicUrl ?? addressUsed(req)}${path}`;
}

function addressUsed({ protocol, headers: { host = '' } }: Request): string {
  const isAddress = /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
  // A proxy may pass on what a client has sent as X-Forwarded-Proto.
  return isAddress && /^https?$/i.test(protocol) ? `${protocol.toLowerCase()}://${host}` : '';
}
