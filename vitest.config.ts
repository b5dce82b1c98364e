import { defineConfig } from 'vitest/config'

// Three for two cores: tests of sweeps wait for servers, timeouts and processes half of their time. More would starve each other.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 3,
    pool: 'forks',
  },
})
