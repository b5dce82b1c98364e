import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findServerBinary } from '../../src/temporal/server-binary.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskvec-'))
  vi.stubEnv('TEMPORAL_CLI_PATH', undefined)
  vi.stubEnv('PATH', join(folder, 'bin'))
})
afterEach(() => vi.unstubAllEnvs())

function place(name: string, mode = 0o755): string {
  const path = join(folder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, mode)
  return path
}

const find = () => findServerBinary(join(folder, 'cache'), { download: false })

describe('the Temporal server is', () => {
  it('TEMPORAL_CLI_PATH first, then temporal on the PATH, then the cache', async () => {
    const cached = place('cache/temporal-1.9.1')
    expect(await find()).toEqual({ path: cached, source: 'the cache' })
    const onPath = place('bin/temporal')
    expect(await find()).toEqual({ path: onPath, source: 'temporal on the PATH' })
    const named = place('own/temporal')
    vi.stubEnv('TEMPORAL_CLI_PATH', named)
    expect(await find()).toEqual({ path: named, source: 'TEMPORAL_CLI_PATH' })
  })

  it('never a file that cannot be run', async () => {
    place('bin/temporal', 0o644)
    vi.stubEnv('TEMPORAL_CLI_PATH', join(folder, 'nothing'))
    await expect(find()).rejects.toMatchObject({
      code: 'SERVER',
      message: `no Temporal server found:
- TEMPORAL_CLI_PATH: ${join(folder, 'nothing')} is not an executable file
- temporal on the PATH: not found
- the cache: ${join(folder, 'cache', 'temporal-1.9.1')} does not exist`,
    })
  })
})
