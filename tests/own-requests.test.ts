import express from 'express';
import supertest from 'supertest';
import { expect, test } from 'vitest';
import { listen, stopListening } from '../src/http/listen.js';

test('requests and answers are made as Express wants them, so that it makes none of them over', async () => {
  const app = express();
  app.get('/', (req, res) => res.json({ path: req.path, ip: req.ip }));
  const server = await listen(app, 0, '127.0.0.1');
  const prototypes: boolean[] = [];
  server.prependListener('request', (req, res) => {
    prototypes.push(Object.getPrototypeOf(req) === app.request);
    prototypes.push(Object.getPrototypeOf(res) === app.response);
  });
  await supertest(server).get('/').expect(200, { path: '/', ip: '127.0.0.1' });
  expect(prototypes).toEqual([true, true]);
  await stopListening(server);
});
