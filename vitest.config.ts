import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['gateway/src/**/*.test.ts', 'gateway/test/architecture.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['gateway/test/**/*.test.ts'],
          exclude: ['gateway/test/architecture.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
