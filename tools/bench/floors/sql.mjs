// The floor of a read that asks the database: the server's own statements, each time, and one answer of their rows.
import { answerOnce, bareApp, openPool, rowsOf, serve, task } from './serve.mjs';

serve(() => {
  const app = bareApp();
  const pool = openPool();
  const answerTo = answerOnce();
  app.use(async (req, res) => {
    const rows = await rowsOf(pool, task.statements[req.url]);
    res.type('json').send(answerTo(req.url, () => rows));
  });
  return app;
});
