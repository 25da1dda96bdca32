// The floor of giving: the server's own transaction. The body is read, and is the one that is stored.
import express from 'express';
import { answerOnce, bareApp, openPool, rowsOf, serve, task } from './serve.mjs';

serve(() => {
  const app = bareApp();
  const pool = openPool();
  const answerTo = answerOnce();
  app.post('/campaigns/:id/donations/', express.json(), async (req, res) => {
    const [gift] = await rowsOf(pool, task.statements[req.url]);
    const answer = answerTo(req.url, () => ({ ...req.body, ...gift }));
    res.status(201).type('json').send(answer);
  });
  return app;
});
