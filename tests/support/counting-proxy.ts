import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The messages of PostgreSQL's protocol that make it run something: Execute, and a simple Query. */
const RUNS = new Set(['E'.charCodeAt(0), 'Q'.charCodeAt(0)]);

/** Stands between the API and PostgreSQL, and counts the statements that PostgreSQL is told to run. */
export class CountingProxy {
  statements = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  /** Begins to stand before a database, and gives the URL to reach it through the proxy. */
  async before(databaseUrl: string): Promise<string> {
    const url = new URL(databaseUrl);
    const database = { host: url.hostname, port: Number(url.port) };
    const server = createServer((client) => this.#pass(client, connect(database)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#server = server;
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return url.href;
  }

  /** How many statements run during `work`. */
  async during(work: () => PromiseLike<unknown>): Promise<number> {
    const before = this.statements;
    await work();
    return this.statements - before;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
  }

  #pass(client: Socket, database: Socket): void {
    const count = counter(() => (this.statements += 1));
    client.on('data', count);
    client.pipe(database).pipe(client);
    for (const socket of [client, database]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        database.destroy();
      });
    }
  }
}

/**
 * Reads what a client sends, in whatever pieces it arrives. The first message has a length and no type,
 * every later one a type, and then a length that counts itself.
 */
function counter(onRun: () => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let typeBytes = 0;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= typeBytes + 4) {
      const length = typeBytes + rest.readInt32BE(typeBytes);
      if (rest.length < length) return;
      if (typeBytes === 1 && RUNS.has(rest[0]!)) onRun();
      rest = rest.subarray(length);
      typeBytes = 1;
    }
  };
}
