import { defineConfig, type ViteUserConfig } from 'vitest/config';

const cluster = ['gateway/test/cluster/**/*.test.ts', 'gateway/test/commands/**/*.test.ts'];
const architecture = 'gateway/test/architecture.test.ts';
/** Stands beside what it tests, and takes as long as all unit tests together. */
const fuzz = 'gateway/src/config/mutated-homes.test.ts';
/** What must hold on Valkey as it does on Redis. */
const redisStores = ['check-online', 'differential', 'formats', 'redis-*'].map(
  (name) => `gateway/test/stores/${name}.test.ts`,
);
const slow = { testTimeout: 60_000, hookTimeout: 60_000 };

/** `cluster` tests start many processes and offer load: one file at a time, so that they measure us and not each other. */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['gateway/src/**/*.test.ts', architecture],
          exclude: [fuzz],
          // Unit tests leave nothing behind, so they may share their workers.
          pool: 'threads',
          isolate: false,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['gateway/test/**/*.test.ts', fuzz],
          exclude: [architecture, ...cluster],
          ...slow,
        },
      },
      {
        test: {
          name: 'valkey',
          include: redisStores,
          env: { SLUICE_TEST_REDIS: process.env['SLUICE_TEST_VALKEY'] ?? 'valkey-server' },
          ...slow,
        },
      },
      { test: { name: 'cluster', include: cluster, fileParallelism: false, ...slow } },
    ],
  },
});

export default config;
