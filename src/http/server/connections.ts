import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Answers that a connection may wait for at once: more are asked for by nobody who means to read them. */
const MOST_OWED = 32;

/** The answer to the last request that was read whole on a connection, while it is still to come. */
export type LastOwed = (socket: Socket) => ServerResponse | undefined;

/** The answers that each connection waits for. */
type Owed = Map<Socket, Set<ServerResponse>>;

/**
 * Bounds what a connection may ask for at once, and for how many milliseconds it may leave untaken what it asked for;
 * and has a stop wait for all that is owed.
 */
export function boundConnections(server: Server, longestSilence: number): LastOwed {
  const owed = keepAccount(server);
  const lastOwed: LastOwed = (socket) =>
    [...(owed.get(socket) ?? [])].filter(({ req }) => req.complete).at(-1);
  endWhoAsksTooMuch(server, owed);
  cutOffWhoTakesNothing(server, lastOwed, longestSilence);
  closeOnlyWhoIsOwedNothing(server, owed);
  return lastOwed;
}

function keepAccount(server: Server): Owed {
  const owed: Owed = new Map();
  server.on('connection', (socket) => {
    const answers = new Set<ServerResponse>();
    owed.set(socket, answers);
    socket.once('close', () => {
      owed.delete(socket);
      closeQueued(answers);
    });
  });
  server.on('request', (req, res) => {
    const answers = owed.get(req.socket);
    answers?.add(res);
    res.once('close', () => answers?.delete(res));
  });
  return owed;
}

/**
 * Closes the responses that still wait for those before them on a connection that has ended. Node 20 and 22 forget
 * them: nothing would tell that they are over, and what they hold would never be given back.
 */
function closeQueued(answers: Set<ServerResponse>): void {
  for (const res of answers) {
    if (res.socket || res.destroyed) continue;
    res.destroy();
    res.emit('close');
  }
}

function endWhoAsksTooMuch(server: Server, owed: Owed): void {
  server.on('request', ({ socket }) => {
    if ((owed.get(socket)?.size ?? 0) > MOST_OWED) socket.destroy();
  });
}

/**
 * Ends a connection on which nothing moves though an answer is to be taken. Node asks for progress each time, so
 * it may be twice as long. One that is kept without a request ends as Node has it; a request that dawdles is told.
 */
function cutOffWhoTakesNothing(server: Server, lastOwed: LastOwed, longestSilence: number): void {
  server.timeout = longestSilence;
  server.on('timeout', (socket: Socket) => {
    const isKept = (socket.timeout ?? 0) >= server.keepAliveTimeout;
    if (isKept) socket.destroy();
    else if (lastOwed(socket)) cutOff(socket);
  });
}

/**
 * Closes as idle only the connections on which every request was answered and the answer handed over. To Node
 * one is idle as soon as its answer is made, be it read or not, and one that never asked for anything is not.
 */
function closeOnlyWhoIsOwedNothing(server: Server, owed: Owed): void {
  server.closeIdleConnections = () => {
    for (const [socket, answers] of owed) if (answers.size === 0) socket.destroy();
  };
  server.closeAllConnections = () => {
    for (const [socket, answers] of owed) {
      if (answers.size === 0) socket.destroy();
      else cutOff(socket);
    }
  };
}

/**
 * Ends a connection in the middle of a response, so that the client sees a break. Closed, it would look to HTTP/1.0,
 * which nginx speaks to servers unless told otherwise, like the end of a response whose length was not told.
 */
export function cutOff(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}
