import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { RequestHandler } from 'express';

/** What everything is counted under that is no address. */
const NO_ADDRESS = 'unknown';

/** Bits that name the network one subscriber is given, and the site that has many of them. */
const NETWORK = 64;
const SITE = 48;

/** Whom an address stands for, as far as limits are concerned. */
export interface Network {
  /** An IPv4 address itself, an IPv6 one's /64, of which a single client has all addresses. */
  client: string;
  /** An IPv6 address's /48, which has many networks. */
  site?: string;
}

/** The network of an address, in whatever way it is written; all that is none shares one. */
export function networkOf(text: string): Network {
  const address = parseAddress(text);
  if (!address) return { client: NO_ADDRESS };
  if (address.kind() === 'ipv4') return { client: address.toString() };
  const bytes = address.toByteArray();
  return { client: prefix(bytes, NETWORK), site: prefix(bytes, SITE) };
}

/**
 * Writes each entry of `X-Forwarded-For` as a bare address, before Express compares it with the trusted proxies:
 * some proxies add the port, and each port would be a client of its own.
 */
export const tidyForwardedFor: RequestHandler = ({ headers }, _res, next) => {
  const forwarded = headers['x-forwarded-for'];
  if (forwarded !== undefined) {
    const entries = String(forwarded).split(',');
    headers['x-forwarded-for'] = entries
      .map((entry) => parseAddress(entry)?.toString() ?? NO_ADDRESS)
      .join(', ');
  }
  next();
};

/** The address without port, brackets and zone; IPv4 written as IPv6, or translated to it (RFC 6052), is IPv4. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const entry = text.trim().replace(/^"(.*)"$/, '$1');
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::\d*)?|([\d.]+):\d*)$/.exec(entry) ?? [];
  const [bare = ''] = (bracketed ?? dotted ?? entry).split('%');
  // Node is strict: `127.1` and `010.0.0.1` are addresses to some programs only.
  const version = isIP(bare);
  if (version === 0) return undefined;
  if (version === 4) return ipaddr.IPv4.parse(bare);
  // ipaddr.js reads only some of the addresses that end like IPv4; URL writes them all without dots.
  const address = ipaddr.IPv6.parse(new URL(`http://[${bare}]`).hostname.slice(1, -1));
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (address.range() !== 'rfc6052') return address;
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

function prefix(bytes: number[], bits: number): string {
  const kept = bytes.map((byte, at) => (at < bits / 8 ? byte : 0));
  return `${ipaddr.fromByteArray(kept).toString()}/${bits}`;
}
