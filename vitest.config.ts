import { defineConfig } from 'vitest/config'

// Two cores: tests that start servers and engines would starve each other with more workers.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
  },
})
