import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startEngineProcess, type EngineProcess } from '../../src/engine/engine-process.js'
import type { EvaluateItem } from '../../src/engine/engine.js'
import { loadEngine } from '../../src/engine/local-engine.js'
import { isAlive } from '../../src/system/process-table.js'
import { tinyFolder } from '../golden/read.js'

const folder = tinyFolder('gqa-tied')
const layers = [0, 1, 2]
const items = Array.from({ length: 20 }, (_, i): EvaluateItem => ({
  thetaPrompts: [
    [1, 2, 3, i + 1, 9],
    [1, 2, 3, i + 2, 7, 9],
  ],
  patchedPrompt: [i + 3, 9],
  plainPrompts: [[1, 2, 3, i + 3, 9]],
  answerToken: i,
}))
/** Work for many seconds. */
const long = { items: Array.from({ length: 4000 }, () => items).flat(), layers }

describe('an engine process', () => {
  let engine: EngineProcess
  beforeAll(async () => {
    engine = await startEngineProcess(folder)
  })
  afterAll(() => engine.close())

  it('gives the same bytes as the engine in this process', async () => {
    const local = await loadEngine(folder)
    expect(engine.info).toEqual(local.info)
    expect(await engine.encode(['t5 t6', 't7'])).toEqual([[5, 6], [7]])
    expect(await engine.decode([5, 0, 7])).toEqual(await local.decode([5, 0, 7]))
    expect(await engine.logits([1, 2, 3])).toEqual(await local.logits([1, 2, 3]))
    const request = { items, layers, thetas: 'each' as const }
    const { seconds: _, ...there } = await engine.evaluate(request)
    const { seconds: __, ...here } = await local.evaluate(request)
    expect(there).toEqual(here)
    const projection = { vectors: there.thetas as Float32Array, top: 3, tokens: [5, 0] }
    expect(await engine.project(projection)).toEqual(await local.project(projection))
    await local.close()
  })

  it('refuses what the engine refuses, and keeps working', async () => {
    await expect(engine.logits([96])).rejects.toMatchObject({
      code: 'TASK',
      message: expect.stringContaining('token id 96') as string,
    })
    expect(await engine.logits([1])).toHaveLength(96)
  })

  it('leaves this event loop free, reports progress, and stops when cancelled', async () => {
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    const controller = new AbortController()
    const progress: number[] = []
    const running = engine.evaluate(long, {
      signal: controller.signal,
      onProgress: (fraction) => {
        progress.push(fraction)
        if (ticks >= 20) controller.abort()
      },
    })
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    clearInterval(ticking)
    expect(progress.length).toBeGreaterThan(1)
    expect(engine.alive).toBe(true)
    expect(await engine.decode([5])).toEqual(['t5'])
  })
})

describe('the end of an engine process', () => {
  it('by a signal fails the calls in flight, which may be retried', async () => {
    const engine = await startEngineProcess(folder)
    const running = engine.evaluate(long, { onProgress: () => process.kill(engine.pid, 'SIGKILL') })
    await expect(running).rejects.toMatchObject({
      code: 'ENGINE',
      retryable: true,
      message: expect.stringMatching(/gqa-tied was killed by SIGKILL/) as string,
    })
    expect(engine.alive).toBe(false)
    await expect(engine.decode([1])).rejects.toMatchObject({ code: 'ENGINE' })
  })

  it('is reported with its last lines of output', async () => {
    vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=4')
    try {
      await expect(startEngineProcess(folder)).rejects.toMatchObject({
        code: 'ENGINE',
        log: expect.stringContaining('JavaScript heap out of memory') as string,
      })
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('is killed if it does not respond to a cancellation', async () => {
    const engine = await startEngineProcess(folder)
    const controller = new AbortController()
    const running = engine.evaluate(long, { signal: controller.signal })
    process.kill(engine.pid, 'SIGSTOP')
    controller.abort()
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(engine.alive).toBe(false)
  })

  it('follows when its owner dies', async () => {
    const script = fileURLToPath(new URL('./owner.ts', import.meta.url))
    const owner = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output] = (await once(owner.stdout, 'data')) as [Buffer]
    const pid = Number(output.toString())
    expect(isAlive(pid)).toBe(true)
    owner.kill('SIGKILL')
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 60_000 })
  })

  it('by close is not an error', async () => {
    const engine = await startEngineProcess(folder)
    await engine.close()
    expect(isAlive(engine.pid)).toBe(false)
  })
})

it('a model that cannot be loaded is refused as it would be in this process', async () => {
  await expect(startEngineProcess('/no/such/model')).rejects.toMatchObject({
    code: 'MODEL',
    message: expect.stringContaining('/no/such/model: no such file or folder') as string,
  })
})
