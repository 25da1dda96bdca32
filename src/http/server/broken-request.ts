import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../../observability/logger.js';
import { countRequest } from '../../observability/metrics.js';
import type { Refusal } from '../../core/errors.js';
import type { LastOwed } from './connections.js';
import { STATUS } from './refusals.js';

const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT';

const REFUSALS: Record<string, Pick<Refusal, 'detail' | 'code'>> = {
  HPE_HEADER_OVERFLOW: { detail: 'The headers are too large.', code: 'headers_too_large' },
  [TOO_SLOW]: { detail: 'The request came too slowly.', code: 'request_timeout' },
};

const MALFORMED = {
  detail: 'This is not an HTTP request we understand.',
  code: 'malformed',
} as const;

/** Milliseconds for which what else is sent is taken and dropped: a connection cut while data comes loses its answer. */
const LINGER = 1_000;

/** What is needed of whoever listens. */
interface Listening {
  log: Logger | undefined;
  lastOwed: LastOwed;
}

/** Answers requests that never reach the app, for they break off or aren't HTTP, in the form of all errors. */
export function answerBrokenRequests(server: Server, { log, lastOwed }: Listening): void {
  const answered = new WeakSet<Socket>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (answered.has(socket) && error.code !== 'ECONNRESET') return;
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const owed = lastOwed(socket);
    if (owed) {
      // What was said now would be taken for that answer. Who was slow for so long doesn't read it either.
      if (error.code === TOO_SLOW) socket.destroy();
      else owed.once('close', () => socket.destroy());
      return;
    }
    const refusal = REFUSALS[error.code ?? ''] ?? MALFORMED;
    const status = STATUS[refusal.code];
    const id = randomUUID();
    const body = JSON.stringify(refusal);
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nCache-Control: no-store\r\n` +
        `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
        `X-Request-Id: ${id}\r\n\r\n${body}`,
    );
    answered.add(socket);
    const lingering = setTimeout(() => socket.destroy(), LINGER);
    socket.once('close', () => clearTimeout(lingering));
    log?.info({ id, status }, 'request');
    countRequest({ method: 'none', route: undefined, status, ms: 0 });
  });
}
