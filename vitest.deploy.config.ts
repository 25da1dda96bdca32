import { defineConfig } from 'vitest/config';

/** `npm run test:deploy`: the built server beside the programs of other people's machines. */
export default defineConfig({
  test: {
    include: ['tests/deploy/**/*.test.ts'],
    globalSetup: ['tests/deploy/support/global-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    isolate: false,
  },
});
