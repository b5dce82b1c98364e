import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.js'

/** Folders whose tests leave their process as they found it (test/restore.ts): their files share three, with what they import. */
const sharing = [
  ...['architectures', 'docs', 'domain', 'engine', 'experiments', 'lists', 'prompt', 'report'],
  ...['statistics', 'store', 'tasks', 'tokenizer', 'vectors', 'weights'],
].map((folder) => `test/${folder}/**/*.test.ts`)

// Four for two cores: tests of sweeps wait for servers, timeouts and processes more than half of their time.
// Limits are for what hangs, on a machine five times slower than the one that takes 75 s for the longest of the tests without its own.
export default defineConfig({
  test: {
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
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
