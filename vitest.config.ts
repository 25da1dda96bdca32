import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Tests wait for PostgreSQL, processes and timeouts more than they compute.
    maxWorkers: 4,
    isolate: false,
  },
});
