import { once } from 'node:events';
import { connect } from 'node:net';

/** Requests that were sent in one piece, each before the one before it was answered. */
export interface Pipeline {
  ids: string[];
  /** Begins to read. Gives, once the server has closed the connection, the ids of those with a whole answer. */
  answered: () => Promise<string[]>;
}

let opened = 0;

/** Sends so many requests for a path on one connection, and reads nothing yet. */
export async function openPipeline(
  address: string,
  path: string,
  count: number,
): Promise<Pipeline> {
  opened += 1;
  const { hostname, port } = new URL(address);
  const ids = Array.from({ length: count }, (_, index) => `pipe-${process.pid}-${opened}-${index}`);
  const requests = ids.map(
    (id) => `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nX-Chaos-Id: ${id}\r\n\r\n`,
  );
  const socket = connect(Number(port), hostname);
  // Not by `once` of node:events: a connection that breaks is closed too.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(requests.join(''));
  const parts: Buffer[] = [];
  return {
    ids,
    answered: async () => {
      socket.on('data', (part) => parts.push(part));
      await closed;
      return ids.slice(0, wholeAnswers(Buffer.concat(parts)));
    },
  };
}

/** How many whole answers there are in what was received. Answers come in the order of the requests. */
export function wholeAnswers(received: Buffer): number {
  let count = 0;
  for (let at = 0; ; count += 1) {
    const end = received.indexOf('\r\n\r\n', at);
    if (end < 0) return count;
    const head = received.toString('latin1', at, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    at = end + 4 + length;
    if (at > received.length) return count;
  }
}
