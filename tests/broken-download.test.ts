import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOf, listen, stopListening } from '../src/http/server/listen.js';

let server: Server;
let port: number;
/** Ends the stream that was begun last, by an error or without one. */
let breakOff: (error?: Error) => void;

beforeAll(async () => {
  const app = express();
  app.get('/', (_req, res) => {
    const rows = new Readable({ read: () => undefined });
    rows.push('a,b\r\n1,2\r\n');
    breakOff = (error) => void rows.destroy(error);
    res.type('csv');
    return pipeline(rows, res).catch(() => undefined);
  });
  server = await listen(app, 0, '127.0.0.1');
  port = Number(new URL(addressOf(server)).port);
});
afterAll(() => stopListening(server));

/** Asks for the file, and waits for its first rows. */
async function begin(version: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(`GET / HTTP/${version}\r\nHost: x\r\n\r\n`);
  let received = '';
  while (!received.includes('1,2')) {
    const [data] = (await once(socket, 'data')) as [string];
    received += data;
  }
  return socket;
}

/** How a connection ends, as its client sees it. */
const endingOf = (socket: Socket) =>
  new Promise<string>((resolve) => {
    socket.once('error', ({ message }) => resolve(message));
    socket.once('end', () => resolve('the end'));
  });

test.each([
  ['1.0', new Error('the database went away')],
  ['1.1', new Error('the database went away')],
  ['1.0', undefined],
])(
  'a file that breaks off resets the connection, so that HTTP/%s sees the break (%s)',
  async (version, error) => {
    const socket = await begin(version);
    const ending = endingOf(socket);
    breakOff(error);
    expect(await ending).toContain('ECONNRESET');
  },
);

test('so does one that a stop cuts off', async () => {
  const socket = await begin('1.0');
  const ending = endingOf(socket);
  server.closeAllConnections();
  expect(await ending).toContain('ECONNRESET');
});
