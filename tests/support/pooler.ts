import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What PostgreSQL sends when it is done with a statement, and when something was announced. */
const [READY, ANNOUNCEMENT] = ['Z', 'A'].map((type) => type.charCodeAt(0));

/** A way to PostgreSQL by a pooler. */
export interface Pooler {
  /** The database's URL by this way. */
  url: string;
  /**
   * Whether it lends connections by the transaction, as PgBouncer may: what is announced while a client has no
   * statement under way reaches it no more. Off at first.
   */
  byTransaction: boolean;
  /** Connections that were made until now. */
  connections: number;
  close(): void;
}

/** Opens a pooler on loopback to the server of a database. */
export async function openPooler(databaseUrl: string): Promise<Pooler> {
  const url = new URL(databaseUrl);
  const target = { host: url.hostname, port: Number(url.port) };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    pooler.connections += 1;
    const database = connect(target);
    let underWay = true;
    client.on('data', (bytes) => {
      underWay = true;
      database.write(bytes);
    });
    const onMessage = (message: Buffer) => {
      if (message[0] === ANNOUNCEMENT && pooler.byTransaction && !underWay) return;
      if (message[0] === READY) underWay = false;
      client.write(message);
    };
    database.on('data', messagesOf(onMessage));
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        database.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pooler: Pooler = {
    url: url.href,
    byTransaction: false,
    connections: 0,
    close: () => {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
  return pooler;
}

/** Tells each message of a server, in whatever pieces they arrive: a type, and a length that counts itself. */
function messagesOf(tell: (message: Buffer) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const length = 1 + rest.readInt32BE(1);
      tell(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}
