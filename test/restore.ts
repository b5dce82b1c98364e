import { afterAll, vi } from 'vitest'

/** For files that share a process: the next one finds environment and functions as they were. */
afterAll(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})
