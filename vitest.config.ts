import { defineConfig } from 'vitest/config'

/** Folders whose tests leave their process as they found it (test/restore.ts): their files share three, with what they import. */
const sharing = [
  ...['architectures', 'docs', 'domain', 'engine', 'experiments', 'lists', 'prompt', 'report'],
  ...['statistics', 'store', 'tasks', 'tokenizer', 'vectors', 'weights'],
].map((folder) => `test/${folder}/**/*.test.ts`)

// Three for two cores: tests of sweeps wait for servers, timeouts and processes half of their time. More would starve each other.
// Limits are for what hangs, on a machine five times slower than the one that takes 75 s for the longest of the tests without its own.
export default defineConfig({
  test: {
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 3,
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: sharing, isolate: false, setupFiles: ['test/restore.ts'] },
      },
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: sharing } },
    ],
  },
})
