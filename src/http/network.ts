import { isIP } from 'node:net';

/** How many of an IPv6 address's eight groups name the network that one subscriber is given: a /64. */
const GROUPS_OF_A_NETWORK = 4;

/**
 * Whom an address stands for: an IPv4 address itself, an IPv6 one its /64, of which a single client has
 * all addresses. IPv4 written as IPv6, as a socket for both tells it, is IPv4. Anything else stays as it is.
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%');
  if (isIP(bare) !== 6) return bare;
  const groups = groupsOf(bare);
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return ipv4(groups[6]!, groups[7]!);
  return `${groups.slice(0, GROUPS_OF_A_NETWORK).join(':')}::/64`;
}

/** The eight groups in hexadecimal, without leading zeros: the URL parser writes them in one way. */
function groupsOf(address: string): string[] {
  const compressed = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = compressed.split('::');
  const [before, after] = [head, tail].map((part) => part.split(':').filter(Boolean)) as [
    string[],
    string[],
  ];
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

function ipv4(high: string, low: string): string {
  const bits = [high, low].map((group) => Number.parseInt(group, 16));
  return bits.flatMap((group) => [group >> 8, group & 255]).join('.');
}
