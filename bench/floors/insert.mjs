// The floor of giving: the server's own transaction. The body is read, and is the one that is stored.
import express from 'express';
import { bareApp, openPool, rowsOf, serve, task } from './serve.mjs';

serve(() => {
  const app = bareApp();
  const pool = openPool();
  app.post('/campaigns/:id/donations/', express.json(), async (req, res) => {
    const [gift] = await rowsOf(pool, task.statements[req.url]);
    res.status(201).json({ ...req.body, ...gift });
  });
  return app;
});
