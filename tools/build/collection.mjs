// Runs the Postman collection against a live server: node tools/build/collection.mjs [base URL]
import { fileURLToPath } from 'node:url';
import newman from 'newman';

const address = process.argv[2] || process.env.BASE_URL || 'http://127.0.0.1:3000';
const collection = fileURLToPath(
  new URL('../../docs/dreamjar.postman_collection.json', import.meta.url),
);

newman.run(
  {
    collection,
    envVar: [{ key: 'baseUrl', value: address.replace(/\/+$/, '') }],
    reporters: 'cli',
    reporter: { cli: { noBanner: true, noSuccessAssertions: true } },
    timeoutRequest: 10_000,
  },
  (error, summary) => {
    if (error) console.error(error.message);
    const { failures = [], stats } = summary?.run ?? {};
    const passed = !error && failures.length === 0 && stats.assertions.total > 0;
    process.exitCode = passed ? 0 : 1;
  },
);
