import type { Dice } from '../demo-data/random.js';
import type { Person, World } from './world.js';

/** An `Authorization` header that lets nobody in, or undefined for none at all. */
export function spoiltToken(
  dice: Dice,
  person: Person | undefined,
  { deadTokens }: World,
): string | undefined {
  const { access, refresh } = person ?? { access: 'a.b.c', refresh: 'r' };
  const [head = '', claims = '', signature = ''] = access.split('.');
  const none = encode({ alg: 'none', typ: 'JWT' });
  const headers = [
    undefined,
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer  ${access} x`,
    `bearer${access}`,
    access,
    `Basic ${Buffer.from('ida@example.com:secret').toString('base64')}`,
    `Bearer ${none}.${claims}.`,
    `Bearer ${none}.${claims}.${signature}`,
    `Bearer ${head}.${claims}.`,
    `Bearer ${head}.${claims}.${signature.slice(0, -2)}`,
    `Bearer ${head}.${encode({ sub: '1', exp: 9_999_999_999 })}.${signature}`,
    `Bearer ${head}.${encode(['x'])}.${signature}`,
    `Bearer ${encode({ alg: 'RS256', kid: '../../dev/null' })}.${claims}.${signature}`,
    `Bearer ${refresh}`,
    `Bearer ${access}, Bearer ${access}`,
    'Bearer \u00FF\u0080.\u00FF.\u00FF',
    'Bearer null',
    'Bearer ..',
    `Bearer ${'x'.repeat(9_000)}`,
    `Bearer ${'.'.repeat(5_000)}`,
    `Bearer ${'x'.repeat(20_000)}`,
    ...deadTokens.slice(-3).map((token) => `Bearer ${token}`),
  ];
  return dice.pick(headers);
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
