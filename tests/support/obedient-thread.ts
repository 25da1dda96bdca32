import { parentPort } from 'node:worker_threads';

/** What the thread is to do before it answers. */
export type Order = 'answer' | 'fail' | 'leave' | 'hoard' | { wait: SharedArrayBuffer };

parentPort!.on('message', (order: Order) => {
  if (order === 'fail') throw new Error('as ordered');
  if (order === 'leave') process.exit(0);
  if (order === 'hoard') for (const all: object[][] = []; ;) all.push(Array(10_000).fill({}));
  if (typeof order === 'object') Atomics.wait(new Int32Array(order.wait), 0, 0);
  parentPort!.postMessage('done');
});
