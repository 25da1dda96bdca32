import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to PostgreSQL that fails on demand. */
export interface SwitchableProxy {
  /** The database's URL by this way. */
  url: string;
  /** Breaks every connection once; new ones are served. */
  cut(): void;
  /** Breaks every connection and refuses new ones. */
  refuse(): Promise<void>;
  /** Passes nothing on any more and closes nothing, as a network that swallows packets. */
  freeze(): void;
  /** Serves again. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a proxy on loopback to the server of a database. */
export async function openSwitchableProxy(databaseUrl: string): Promise<SwitchableProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let frozen = false;

  const server: Server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    pass(near, far);
    pass(far, near);
  });

  function pass(from: Socket, to: Socket): void {
    sockets.add(from);
    if (frozen) from.pause();
    from.on('data', (chunk) => to.write(chunk));
    from.on('error', () => undefined);
    from.on('end', () => to.end());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  }

  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const cut = () => sockets.forEach((socket) => socket.destroy());
  const refuse = async () => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };

  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    cut,
    refuse,
    freeze: () => {
      frozen = true;
      sockets.forEach((socket) => socket.pause());
    },
    restore: async () => {
      frozen = false;
      sockets.forEach((socket) => socket.resume());
      if (!server.listening) await listen(port);
    },
    close: async () => {
      if (server.listening) await refuse();
    },
  };
}
