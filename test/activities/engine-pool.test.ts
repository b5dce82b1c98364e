import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { EnginePool } from '../../activities/engine-pool.js'
import { enginesOf, until } from '../sweep/sandbox.js'
import { makeTinyModel } from '../tiny-model.js'

const never = new AbortController().signal
let loaded: string[]
let pool: EnginePool
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskvec-pool-'))
  for (const [seed, model] of ['a', 'b'].entries()) makeTinyModel(join(folder, model), { seed, blocks: 1 })
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => pool.close())

function poolOf(size: number): EnginePool {
  loaded = []
  return (pool = new EnginePool(
    (model) => join(folder, model),
    size,
    {},
    (model) => loaded.push(model),
  ))
}

describe('the engines of a worker', () => {
  it('serve all that wait for a loaded model before another takes its place', async () => {
    poolOf(1)
    const served: string[] = []
    const requests = ['a', 'b', 'a', 'b', 'a'].map((model) =>
      pool.use(model, never, async () => served.push(model)),
    )
    await Promise.all(requests)
    expect(served).toEqual(['a', 'a', 'a', 'b', 'b'])
    expect(loaded).toEqual(['a', 'b'])
  })

  it('stay loaded while the next request for their model is on its way', async () => {
    poolOf(1)
    const other = { served: false }
    await pool.use('a', never, () => sleep(1))
    const waiting = pool.use('b', never, async () => (other.served = true))
    await sleep(50)
    await pool.use('a', never, async () => expect(other.served).toBe(false))
    await waiting
    expect(loaded).toEqual(['a', 'b'])
  })

  it('are one per model if there is room', async () => {
    poolOf(2)
    for (const model of ['a', 'b', 'a', 'b']) await pool.use(model, never, async () => {})
    expect(loaded).toEqual(['a', 'b'])
  })
  it('end with their worker, even while loading', async () => {
    poolOf(1)
    const request = pool.use('a', never, async () => {})
    const engines = () => enginesOf(process.pid)
    await until('it loads', async () => (await engines()).length > 0)
    for (const pid of await engines()) process.kill(pid, 'SIGSTOP')
    await Promise.all([expect(request).rejects.toMatchObject({ code: 'CANCELLED' }), pool.close()])
    await until('it is gone', async () => (await engines()).length === 0)
    expect(loaded).toEqual([])
  })
})
