// The floor of a read that asks the database: the server's own statements, and their rows as JSON.
import { bareApp, openPool, rowsOf, serve, task } from './serve.mjs';

serve(() => {
  const app = bareApp();
  const pool = openPool();
  app.use(async (req, res) => {
    res.json(await rowsOf(pool, task.statements[req.url]));
  });
  return app;
});
