import { defineConfig } from 'vitest/config';
import { PATIENCE } from './tests/support/patience.js';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // With the programs of Debian's: npm run test:deploy.
    exclude: ['tests/deploy/**'],
    globalSetup: ['tests/support/global-setup.ts'],
    // Only so that what hangs ends: how long things take is for the benchmarks, not for tests.
    testTimeout: 2 * PATIENCE,
    hookTimeout: 2 * PATIENCE,
    expect: { poll: { timeout: PATIENCE } },
    // Tests wait for PostgreSQL, processes and timeouts more than they compute.
    maxWorkers: 4,
    retry: 0,
    isolate: false,
  },
});
