import { defineConfig } from 'vitest/config'

// Three for two cores: tests of sweeps wait for servers, timeouts and processes half of their time. More would starve each other.
// Limits are for what hangs, on a machine five times slower than the one that takes 75 s for the longest of the tests without its own.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 3,
    pool: 'forks',
  },
})
