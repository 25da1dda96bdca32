import { EventEmitter, once } from 'node:events';
import { request, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressOf, listen, stopListening } from '../src/http/server/listen.js';
import { shedding } from '../src/http/guards/shedding.js';

/** Milliseconds that a turn may take: no turn does by itself. */
const LONGEST_TURN = 120_000;

/** More than the system keeps for who doesn't read. */
const LARGE = Buffer.alloc(30_000_000);

let server: Server;
let doors: EventEmitter;

beforeEach(async () => {
  doors = new EventEmitter();
  server = await start({ mostAtOnce: 2, mostPerNetwork: 2 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  doors.emit('open');
  await stopListening(server);
});

function start(places: { mostAtOnce: number; mostPerNetwork: number }): Promise<Server> {
  const app = express();
  app.set('trust proxy', 1);
  app.use(
    shedding({
      ...places,
      longestTurn: LONGEST_TURN,
      isCheap: ({ path }) => path === '/cheap',
    }),
  );
  app.post('/unread', (_req, res) => void res.json({}));
  app.use(express.json());
  app.all('/held', async (_req, res) => {
    const open = once(doors, 'open');
    doors.emit('came');
    await open;
    res.json({});
  });
  app.get('/large', (_req, res) => void res.send(LARGE));
  app.get('/hog', (_req, res) => {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 2 * LONGEST_TURN);
    res.json({});
  });
  app.use((_req, res) => void res.json({}));
  return listen(app, 0, '127.0.0.1');
}

const ask = (path: string, from = '192.0.2.9') =>
  fetch(addressOf(server) + path, { headers: { 'X-Forwarded-For': from } });

/** Begins a request that stays at work until the doors open. */
async function hold(from?: string): Promise<{ answer: Promise<Response> }> {
  const came = once(doors, 'came');
  const answer = ask('/held', from);
  await came;
  return { answer };
}

async function expectRefused(answer: Response): Promise<void> {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('1');
  expect(await answer.json()).toEqual({
    detail: expect.any(String) as string,
    code: 'unavailable',
  });
}

test('more than can be worked on at once is refused, and what comes later is not', async () => {
  const held = [await hold(), await hold()];
  await expectRefused(await ask('/anything'));
  await expectRefused(await ask('/held'));
  doors.emit('open');
  for (const { answer } of held) expect((await answer).status).toBe(200);
  expect((await ask('/anything')).status).toBe(200);
});

test('one network takes no more than its share of the places', async () => {
  await stopListening(server);
  server = await start({ mostAtOnce: 3, mostPerNetwork: 2 });
  // A /48 has 65,536 networks of one subscriber.
  const held = [await hold('2001:db8::1'), await hold('2001:db8:0:1::1')];
  await expectRefused(await ask('/anything', '2001:db8:0:2::1'));
  expect((await ask('/anything', '192.0.2.1')).status).toBe(200);
  held.push(await hold('192.0.2.1'));
  await expectRefused(await ask('/anything', '192.0.2.2'));
  doors.emit('open');
  for (const { answer } of held) expect((await answer).status).toBe(200);
  expect((await ask('/anything', '2001:db8::1')).status).toBe(200);
});

test('what costs nothing is never too much, and takes no place', async () => {
  const held = [await hold(), await hold()];
  for (let i = 0; i < 3; i += 1) expect((await ask('/cheap')).status).toBe(200);
  await expectRefused(await ask('/anything'));
  doors.emit('open');
  for (const { answer } of held) expect((await answer).status).toBe(200);
});

test('health and metrics are told all the same', async () => {
  await hold();
  await hold();
  for (const path of ['/health/live', '/health/ready/', '/metrics']) {
    expect((await ask(path)).status, path).toBe(200);
  }
});

test('who goes away leaves the place to others', async () => {
  const leaving = [new AbortController(), new AbortController()];
  for (const { signal } of leaving) {
    const came = once(doors, 'came');
    fetch(`${addressOf(server)}/held`, { signal }).catch(() => undefined);
    await came;
  }
  await expectRefused(await ask('/anything'));
  leaving.forEach((one) => one.abort());
  await expect.poll(async () => (await ask('/anything')).status).toBe(200);
});

test('a request that is not read whole takes no place', async () => {
  const slow = Array.from({ length: 5 }, () => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': 2 };
    const outgoing = request(`${addressOf(server)}/held`, { method: 'POST', headers });
    outgoing.on('error', () => undefined);
    outgoing.write('{');
    return outgoing;
  });
  await expect
    .poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count))))
    .toBe(slow.length);
  expect((await ask('/anything')).status).toBe(200);

  const came = once(doors, 'came');
  slow[0]!.end('}');
  await came;
  expect((await ask('/anything')).status).toBe(200);
  const answered = once(slow[0]!, 'response') as Promise<[IncomingMessage]>;
  doors.emit('open');
  expect((await answered)[0].statusCode).toBe(200);
  slow.forEach((one) => one.destroy());
});

test('a request that was answered before it was read whole takes no place', async () => {
  for (let i = 0; i < 3; i += 1) {
    const outgoing = request(`${addressOf(server)}/unread`, { method: 'POST' });
    outgoing.write('{');
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    outgoing.end('}');
    await once(outgoing, 'close');
  }
  expect((await ask('/anything')).status).toBe(200);
});

test('an answer that is made and not read takes no place', async () => {
  const slow = Array.from({ length: 3 }, () =>
    connect(Number(new URL(addressOf(server)).port), '127.0.0.1'),
  );
  for (const socket of slow) {
    socket.write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
  }
  expect((await ask('/anything')).status).toBe(200);
  slow.forEach((socket) => socket.destroy());
});

test('a turn of the event loop that takes too long takes on nothing more', async () => {
  const socket = connect(Number(new URL(addressOf(server)).port), '127.0.0.1');
  let received = '';
  socket.on('data', (part) => (received += String(part)));
  const asked = ['/hog', '/anything'].map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n`);
  socket.write(`${asked[0]}\r\n${asked[1]}Connection: close\r\n\r\n`);
  await once(socket, 'close');
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 503']);
  await expect.poll(async () => (await ask('/anything')).status).toBe(200);
});
