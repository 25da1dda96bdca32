import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import express from 'express';
import pg from 'pg';

/** What the floor is to do: `processes`, and what each floor asks for. A file, for it may be long. */
export const task = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** A bare Express app. */
export function bareApp() {
  const app = express();
  app.set('etag', false);
  return app;
}

/** As many connections as the server has in each of its processes. */
export function openPool() {
  return new pg.Pool({ connectionString: task.databaseUrl, max: task.poolSize });
}

/** Sends one after another, each prepared once a connection, and gives the rows of the last. */
export async function rowsOf(pool, statements) {
  let rows = [];
  for (const statement of statements) ({ rows } = await pool.query(statement));
  return rows;
}

/** Gives the JSON of the first answer to each path, built once: no floor is held up by telling its rows. */
export function answerOnce() {
  const built = new Map();
  return (path, tell) => {
    const known = built.get(path) ?? Buffer.from(JSON.stringify(tell()));
    built.set(path, known);
    return known;
  };
}

/** Listens with as many processes as asked, and prints the address once all of them do. */
export function serve(makeApp) {
  if (task.processes > 1 && cluster.isPrimary) {
    let listening = 0;
    cluster.on('listening', (_worker, { port }) => {
      listening += 1;
      if (listening === task.processes) announce(port);
    });
    for (let i = 0; i < task.processes; i += 1) cluster.fork();
    return;
  }
  const server = makeApp().listen(0, '127.0.0.1', () => {
    if (cluster.isPrimary) announce(server.address().port);
  });
}

function announce(port) {
  console.log(`listening on http://127.0.0.1:${port}`);
}
