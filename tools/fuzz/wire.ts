import { once } from 'node:events';
import { Agent, request as openRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

/** A request as it goes over the wire. Names and values of headers are bytes, one a character. */
export interface WireRequest {
  method: string;
  /** Path and query as sent, in latin1. */
  target: string;
  headers: Record<string, string>;
  body?: Buffer | undefined;
  /** Whether a client library would refuse to send it: then it goes over a socket of its own. */
  bare?: boolean;
}

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
  /** Milliseconds from the sending to the last byte. */
  ms: number;
}

/** A way to a server, on connections that are kept. */
export interface Wire {
  /** @throws Error when no whole answer comes. */
  send(request: WireRequest): Promise<Answer>;
  close(): void;
}

/** Milliseconds after which no answer is waited for. */
const LONGEST_WAIT = 20_000;

/** Opens a way to the server at an address such as `http://127.0.0.1:3000`. */
export function openWire(address: string): Wire {
  const agent = new Agent({ keepAlive: true });
  return {
    send: async (request) => {
      const began = performance.now();
      const answer = request.bare
        ? await sendBytes(new URL(address), bytesOf(request, new URL(address).host))
        : await sendTidy(address, request, agent);
      return { ...answer, ms: performance.now() - began };
    },
    close: () => agent.destroy(),
  };
}

/** The request as one piece of bytes. */
export function bytesOf({ method, target, headers, body }: WireRequest, host: string): Buffer {
  const length = body && { 'Content-Length': `${body.length}` };
  const lines = Object.entries({ Host: host, ...length, ...headers, Connection: 'close' });
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'),
    body ?? Buffer.of(),
  ]);
}

type Received = Omit<Answer, 'ms'>;

async function sendTidy(
  address: string,
  request: WireRequest,
  agent: Agent,
  again = true,
): Promise<Received> {
  const { method, target, headers, body } = request;
  const length = body && { 'Content-Length': body.length };
  const signal = AbortSignal.timeout(LONGEST_WAIT);
  const options = { method, path: target, headers: { ...length, ...headers }, agent, signal };
  const outgoing = openRequest(address, options);
  outgoing.end(body);
  try {
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    // What is not read of a body that is too large breaks the sending, not the answer.
    outgoing.on('error', () => undefined);
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const received = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
    return {
      status: incoming.statusCode ?? 0,
      headers: Object.fromEntries(received) as Answer['headers'],
      body: Buffer.concat(parts),
    };
  } catch (error) {
    // The server had just closed the connection that was kept: it never saw the request.
    if (again && outgoing.reusedSocket) return sendTidy(address, request, agent, false);
    throw error;
  }
}

async function sendBytes({ hostname, port }: URL, bytes: Buffer): Promise<Received> {
  const socket = connect({ host: hostname, port: Number(port || 80) });
  const parts: Buffer[] = [];
  socket.setTimeout(LONGEST_WAIT, () => socket.destroy());
  socket.on('data', (part) => parts.push(part));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return parse(Buffer.concat(parts));
}

function parse(received: Buffer): Received {
  const end = received.indexOf('\r\n\r\n');
  const [line = '', ...fields] = received.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]);
  if (end === -1 || !status) throw new Error('The connection closed without an answer.');
  const headers = fields.map((field) => {
    const [name = '', value = ''] = field.split(/: ?(.*)/s, 2);
    return [name.toLowerCase(), value] as const;
  });
  const told = Object.fromEntries(headers);
  const begin = end + 4;
  const length = Number(told['content-length'] ?? received.length);
  return { status, headers: told, body: received.subarray(begin, begin + length) };
}
