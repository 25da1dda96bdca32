import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { none, within, type Fault } from '../findings.js';
import { underLoad } from './under-load.js';

/** Milliseconds. */
const LONGEST_LIFE = 15_000;
const GIVE_UP = 25_000;

const HEAD = 'Host: localhost\r\nX-Slow: ';

/** What a socket sends at first, and then each second; one that never reads sends all at once. */
const KINDS: Record<string, (campaign: number) => { first: string; then?: string }> = {
  'a byte of headers a second': () => ({ first: `GET /campaigns/ HTTP/1.1\r\n${HEAD}`, then: 'x' }),
  'a byte of body a second': (campaign) => ({
    first: `POST /campaigns/${campaign}/donations/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`,
    then: ' ',
  }),
  'nothing at all': () => ({ first: '' }),
  'never reading the answers': () => ({
    first: 'GET /campaigns/?page_size=100 HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(200),
  }),
};

export const slowSockets: Fault = {
  name: 'slow-sockets',
  title: 'A thousand slow sockets while others are served',
  run: (world) =>
    underLoad(world, async ({ server }) => {
      const each = world.quick ? 10 : 250;
      const port = Number(new URL(server.address).port);
      const kinds = Object.entries(KINDS).map(([name, say]) => {
        const sockets = Array.from({ length: each }, (_, index) =>
          openSlowly(port, say(world.campaigns[index % world.campaigns.length]!)),
        );
        return { name, lives: Promise.all(sockets) };
      });
      const judged = kinds.map(async ({ name, lives }) => {
        const ms = await lives;
        const open = ms.filter((life) => life === Infinity).length;
        const ended = ms.filter(Number.isFinite);
        return [
          none(`sockets still open after ${GIVE_UP / 1000} s: ${name}`, open),
          within(`longest life of a socket: ${name}`, Math.max(0, ...ended), LONGEST_LIFE),
        ];
      });
      return (await Promise.all(judged)).flat();
    }),
};

/** Milliseconds from the opening until the server closed it; Infinity when it never did. */
async function openSlowly(
  port: number,
  { first, then }: { first: string; then?: string },
): Promise<number> {
  const began = performance.now();
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(first);
  // Who never reads learns of the end by writing: a peer that is gone resets the connection.
  const reads = then !== undefined || first === '';
  const speak = reads ? then : '\r\n';
  const dribble = setInterval(() => speak !== undefined && socket.write(speak), 1_000);
  if (reads) socket.resume();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const ended = await Promise.race([
    closed.then(() => performance.now() - began),
    sleep(GIVE_UP, Infinity, { ref: false }),
  ]);
  clearInterval(dribble);
  socket.destroy();
  return ended;
}
