// The load, in a process of its own, so that it costs the same whatever is measured: fires what it is told
// to, and tells what came of it.
import autocannon from 'autocannon';

/** Milliseconds: autocannon ends at one of its samples, and a short round should not be a second longer. */
const SAMPLE = 100;

process.on('message', async (job) => {
  const figures = await fire(job).catch(({ message }) => ({ failure: message }));
  process.send(figures);
});
process.on('disconnect', () => process.exit());

/** Requests a second, and percentiles of the answers' times in milliseconds. */
async function fire({ address, requests, connections, seconds }) {
  let client = 0;
  const run = autocannon({
    url: address,
    connections,
    duration: seconds,
    sampleInt: SAMPLE,
    // Each connection begins at another request: in step, all would ask for the same at once.
    setupClient: (connection) => {
      const first = Math.floor((client * requests.length) / connections);
      client += 1;
      connection.setRequests(
        [...requests.slice(first), ...requests.slice(0, first)].map((request) => ({ ...request })),
      );
    },
  });
  const times = [];
  run.on('response', (_client, _status, _bytes, ms) => times.push(ms));
  const { '2xx': answered, non2xx, errors, duration, statusCodeStats } = await run;
  if (non2xx > 0 || errors > 0 || answered === 0) {
    throw new Error(`${errors} errors, and answers of status ${JSON.stringify(statusCodeStats)}`);
  }
  times.sort((a, b) => a - b);
  const percentile = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { perSecond: answered / duration, p50: percentile(0.5), p99: percentile(0.99) };
}
