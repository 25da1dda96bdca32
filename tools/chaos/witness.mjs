// Loaded into the server: writes down which requests it has read whole, by the id that the load gave them.
import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';

const file = openSync(process.env.CHAOS_WITNESS, 'a');

subscribe('http.server.request.start', ({ request }) => {
  const id = request.headers['x-chaos-id'];
  if (id === undefined) return;
  const write = () => writeSync(file, `${id}\n`);
  if (request.headers['content-length'] === undefined) write();
  else request.once('end', write);
});
