import { createServer, IncomingMessage, ServerResponse, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { StartError } from '../../core/errors.js';
import type { Logger } from '../../observability/logger.js';
import { DEFAULT_WAITS } from '../../config/waits.js';
import { answerBrokenRequests } from './broken-request.js';
import { boundConnections, cutOff } from './connections.js';

/** Milliseconds between looks at who dawdles over a request. */
const CHECK = 1_000;

/** Bytes. */
const LARGEST_HEADERS = 16_384;

/** Connections that may wait to be taken, where the system allows as many: a crowd comes all at once. */
const BACKLOG = 2_048;

/** Milliseconds: how long requests in flight may take once the server stops. */
const IN_FLIGHT = 5_000;

const IDLE_CHECK = 50;

/**
 * Listens with bounded headers and times.
 * @throws StartError when the address is taken or can't be had.
 */
export async function listen(
  app: Express,
  port: number,
  host: string,
  log?: Logger,
  wait = DEFAULT_WAITS.client,
): Promise<Server> {
  const server = createServer({
    ...expressOwn(app),
    maxHeaderSize: LARGEST_HEADERS,
    headersTimeout: wait.headers,
    requestTimeout: wait.request,
    keepAliveTimeout: wait.keepAlive,
    connectionsCheckingInterval: CHECK,
    requireHostHeader: false,
  });
  server.on('request', app);
  // Node's own refusals are not JSON. A missing Host is refused by `hostHeader`, and a strange Expect doesn't matter.
  // A body is asked for with 100 Continue only once nothing speaks against it.
  for (const expectation of ['checkContinue', 'checkExpectation']) {
    server.on(expectation, (req, res) => server.emit('request', req, res));
  }
  answerBrokenRequests(server, { log, lastOwed: boundConnections(server, wait.silence) });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, port, host)));
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });
  return server;
}

/**
 * What Node makes of each request, as Express wants it from the start. Express would change the prototype of
 * both objects for each request, and V8 is slow with such objects and long about collecting them: that takes
 * three times as long as an empty answer (docs/benchmarks.md).
 */
function expressOwn(app: Express) {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {
    /** In HTTP/1.1 a connection stays open unless told otherwise: to tell so too takes 48 bytes of each response. */
    override writeHead(...head: [number]): this {
      const { httpVersion, headers } = this.req;
      // Node decides only now to close after a body that was announced and not asked for.
      const mayClose = !this.shouldKeepAlive || headers.expect !== undefined;
      if (httpVersion === '1.1' && !mayClose) this.removeHeader('Connection');
      return super.writeHead(...head);
    }

    /** What ends before its end must look broken, also where only the end of the connection tells the end (HTTP/1.0). */
    override destroy(error?: Error): this {
      if (this.headersSent && !this.writableFinished && this.socket) cutOff(this.socket);
      return super.destroy(error);
    }
  }
  app.request = Object.setPrototypeOf(Request.prototype, app.request) as Express['request'];
  app.response = Object.setPrototypeOf(Response.prototype, app.response) as Express['response'];
  return { IncomingMessage: Request, ServerResponse: Response };
}

/** The address of a listening server, such as `http://127.0.0.1:3000`. */
export function addressOf(server: Server): string {
  return urlOf(server.address() as AddressInfo);
}

/** The same of an address and port that are known otherwise. */
export function urlOf({ address, port }: Pick<AddressInfo, 'address' | 'port'>): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** Takes no more connections, lets the requests in flight finish, and cuts off what takes too long. */
export async function stopListening(server: Server): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK);
  const late = setTimeout(() => server.closeAllConnections(), IN_FLIGHT);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idle);
  clearTimeout(late);
}

function cannotListen({ code }: NodeJS.ErrnoException, port: number, host: string): StartError {
  if (code === 'EADDRINUSE') {
    return new StartError(
      `Port ${port} on ${host} is taken. Set PORT to another, or to 0 for any that is free.`,
    );
  }
  return new StartError(`Can't listen on port ${port} of ${host} (${code}). Set PORT and HOST.`);
}
