import { EventEmitter, once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import express from 'express';
import supertest from 'supertest';
import { expect, test, vi } from 'vitest';
import { createLogger } from '../src/observability/logger.js';
import { DEFAULT_WAITS } from '../src/config/waits.js';
import { addressOf, listen, stopListening } from '../src/http/server/listen.js';

/** More than the system keeps for who doesn't read. */
const LARGE = Buffer.alloc(30_000_000);

async function listening(silence = 120_000) {
  const app = express();
  app.get('/', (req, res) => res.json({ path: req.path, ip: req.ip }));
  app.get('/large', (_req, res) => void res.send(LARGE));
  const waits = { ...DEFAULT_WAITS.client, silence };
  const server = await listen(app, 0, '127.0.0.1', undefined, waits);
  return { app, server, address: addressOf(server) };
}

test('requests and answers are made as Express wants them, so that it makes none of them over', async () => {
  const { app, server } = await listening();
  const prototypes: boolean[] = [];
  server.prependListener('request', (req, res) => {
    prototypes.push(Object.getPrototypeOf(req) === app.request);
    prototypes.push(Object.getPrototypeOf(res) === app.response);
  });
  await supertest(server).get('/').expect(200, { path: '/', ip: '127.0.0.1' });
  expect(prototypes).toEqual([true, true]);
  await stopListening(server);
});

test('a stop waits for who is still reading an answer', async () => {
  const { server, address } = await listening();
  const [answer] = (await once(get(`${address}/large`), 'response')) as [IncomingMessage];
  const stopped = stopListening(server);
  await expect.poll(() => server.listening).toBe(false);
  const looked = vi.spyOn(server, 'closeIdleConnections');
  await expect.poll(() => looked.mock.calls.length).toBeGreaterThan(2);
  expect((await buffer(answer)).length).toBe(LARGE.length);
  await stopped;
});

test('a stop waits for the answers to all that one connection asked at once', async () => {
  const { server, address } = await listening();
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  const asked = once(server, 'request');
  socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n'.repeat(20));
  await asked;
  const stopped = stopListening(server);
  expect((await text(socket)).match(/HTTP\/1\.1 200/g)).toHaveLength(20);
  await stopped;
});

test('a stop ends connections that ask for nothing at once', async () => {
  const { server, address } = await listening();
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  socket.resume();
  await stopListening(server);
  await closed;
});

test('who takes nothing of an answer is cut off', async () => {
  const { server, address } = await listening(100);
  const cut = new Promise<void>((resolve) => {
    server.once('request', (_req, res) => res.once('close', resolve));
  });
  const [answer] = (await once(get(`${address}/large`), 'response')) as [IncomingMessage];
  await cut;
  await expect(buffer(answer)).rejects.toThrow('aborted');
  await stopListening(server);
});

test('what breaks off after a request is not taken for its answer, and is logged when it stands alone', async () => {
  const logged: string[] = [];
  const log = createLogger('info', { write: (line: string) => void logged.push(line) });
  const doors = new EventEmitter();
  const app = express();
  app.get('/held', async (_req, res) => {
    await once(doors, 'open');
    res.json({ held: true });
  });
  const server = await listen(app, 0, '127.0.0.1', log);
  const port = Number(new URL(addressOf(server)).port);
  const broken = once(server, 'clientError');
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /held HTTP/1.1\r\nHost: here\r\n\r\nnot HTTP at all\r\n\r\n');
  await broken;
  const answered = once(socket, 'data') as Promise<[Buffer]>;
  doors.emit('open');
  const [told] = await answered;
  expect(String(told)).toMatch(/^HTTP\/1\.1 200 [^]*\{"held":true\}$/);
  expect(logged).toEqual([]);
  socket.destroy();

  const alone = connect(port, '127.0.0.1');
  alone.write('not HTTP at all\r\n\r\n');
  const answer = await text(alone);
  const [, id] = /X-Request-Id: (\S+)/.exec(answer)!;
  expect(logged.map((line) => JSON.parse(line) as object)).toMatchObject([{ id, status: 400 }]);
  await stopListening(server);
});

test('a connection on which nonsense came after a request is closed once that is answered', async () => {
  const { server, address } = await listening();
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\nnot HTTP at all\r\n\r\n');
  expect((await text(socket)).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  await stopListening(server);
});

test('who is still sending what is no request hears why it is refused', async () => {
  const { server, address } = await listening();
  const port = Number(new URL(address).port);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let told = '';
  socket.on('data', (data) => (told += String(data)));
  const answered = once(socket, 'end');
  socket.write('POST /nowhere at all HTTP/1.1\r\nHost: here\r\nContent-Length: 400000\r\n\r\n');
  await answered;
  const send = promisify((data: Buffer, sent: (error?: Error | null) => void) =>
    socket.write(data, sent),
  );
  for (let part = 0; part < 4; part += 1) await send(Buffer.alloc(100_000, 'x'));
  const closed = once(socket, 'close');
  socket.end();
  await closed;
  expect(told).toMatch(/^HTTP\/1\.1 400 [^]*"code":"malformed"\}$/);
  await stopListening(server);
});

test('and is cut off when that does not end', async () => {
  const { server, address } = await listening();
  const port = Number(new URL(address).port);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write('not HTTP at all\r\n\r\n');
  socket.resume();
  const sending = setInterval(() => socket.write('x'), 20);
  await closed;
  clearInterval(sending);
  await stopListening(server);
});

test('who asks for more at once than anybody would read is cut off', async () => {
  const { server, address } = await listening();
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  const closed = once(socket, 'close');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n'.repeat(33));
  socket.resume();
  await closed;
  await stopListening(server);
});
