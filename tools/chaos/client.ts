import { Agent, request as open, type IncomingMessage } from 'node:http';
import type { Ask } from './traffic.js';

/** What became of a request. */
export interface Exchange {
  ask: Ask;
  /** As the server writes it down when it has read the request. */
  id: string;
  /** Milliseconds since we began: when it was sent, and how long it took to the last byte. */
  sentAt: number;
  ms: number;
  /** Absent when no whole answer came. */
  status?: number;
  retryAfter?: string | undefined;
  /** The id of a gift that was acknowledged. */
  giftId?: number;
  /** Why no whole answer came. */
  error?: string;
}

/** A way to a server, on connections that are kept. */
export interface Client {
  /** Never throws: what went wrong is in the exchange. */
  send(ask: Ask): Promise<Exchange>;
  close(): void;
}

/** Milliseconds after which no answer is waited for. */
const LONGEST_WAIT = 20_000;

let sent = 0;

/** Opens a way to the server at an address such as `http://127.0.0.1:3000`. */
export function openClient(address: string): Client {
  const agent = new Agent({ keepAlive: true });
  return {
    send: async (ask) => {
      sent += 1;
      const id = `${process.pid}-${sent}`;
      const sentAt = performance.now();
      const came = await exchange(address, agent, ask, id);
      return { ask, id, sentAt, ms: performance.now() - sentAt, ...came };
    },
    close: () => agent.destroy(),
  };
}

type Outcome = Pick<Exchange, 'status' | 'retryAfter' | 'giftId' | 'error'>;

/** By callbacks, for the load should cost little beside what is loaded. */
function exchange(address: string, agent: Agent, ask: Ask, id: string) {
  const { method, path, gift, speed } = ask;
  const sending = gift ? bodyOf(gift) : ask.body;
  const body = sending && JSON.stringify(sending);
  return new Promise<Outcome>((resolve) => {
    const outgoing = open(address, {
      ...{ method, path, agent, timeout: LONGEST_WAIT },
      headers: { 'X-Chaos-Id': id, ...headersOf(ask, body) },
    });
    const broken = (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.name });
    outgoing.on('error', broken);
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('response', (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      const answer = { status, retryAfter: headers['retry-after'] };
      let text = '';
      incoming.on('error', broken);
      if (speed !== undefined) readSlowly(incoming, speed);
      else if (status === 201) incoming.on('data', (part) => (text += String(part)));
      else incoming.resume();
      incoming.on('end', () => resolve(status === 201 ? { ...answer, ...giftIn(text) } : answer));
    });
    outgoing.end(body);
  });
}

/** Lets a part of the answer come only when it would have come at so many bytes a second. */
function readSlowly(incoming: IncomingMessage, speed: number): void {
  incoming.on('data', (part: Buffer) => {
    incoming.pause();
    setTimeout(() => incoming.resume(), (part.length / speed) * 1_000);
  });
}

function giftIn(text: string): { giftId: number } {
  return { giftId: (JSON.parse(text) as { id: number }).id };
}

function headersOf({ access, gift, from }: Ask, body: string | undefined) {
  return {
    ...(access !== undefined && { Authorization: `Bearer ${access}` }),
    ...(from !== undefined && { 'X-Forwarded-For': from }),
    ...(gift && { 'Idempotency-Key': gift.key }),
    ...(body !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    }),
  };
}

function bodyOf({ key, amount }: { key: string; amount: number }) {
  return { amount, comment: key, donor_name: 'Chaos', donor_email: 'chaos@example.org' };
}
