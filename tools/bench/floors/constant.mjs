// The floor of a read that could be answered from memory: the server's own answer, byte for byte.
import { bareApp, serve, task } from './serve.mjs';

serve(() => {
  const app = bareApp();
  const answer = Buffer.from(task.answer);
  app.get('/campaigns/', (_req, res) => {
    res.type('json').send(answer);
  });
  return app;
});
