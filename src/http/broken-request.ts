import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server } from 'node:http';

const ANSWERS: Record<string, { status: number; detail: string; code: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: 'The headers are too large.',
    code: 'headers_too_large',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    detail: 'The request came too slowly.',
    code: 'request_timeout',
  },
};

const MALFORMED = {
  status: 400,
  detail: 'This is not an HTTP request we understand.',
  code: 'malformed',
};

/** Answers requests that never reach the app, for they break off or aren't HTTP, in the form of all errors. */
export function answerBrokenRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const { status, ...refusal } = ANSWERS[error.code ?? ''] ?? MALFORMED;
    const body = JSON.stringify(refusal);
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nCache-Control: no-store\r\n` +
        `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
        `X-Request-Id: ${randomUUID()}\r\n\r\n${body}`,
      () => socket.destroy(),
    );
  });
}
