import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
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

export default config;
