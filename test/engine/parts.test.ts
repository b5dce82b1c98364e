import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chunkBounds, cutItems } from '../../src/domain/item-parts.js'
import type { EvaluateItem } from '../../src/engine/engine.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { makeTinyModel } from '../tiny-model.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-parts-'))
const layers = [0, 2]
let engine: LocalEngine

beforeAll(async () => {
  engine = await loadEngine(makeTinyModel(join(folder, 'tiny'), { blocks: 3, dModel: 16 }))
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Prompts of different lengths, which makes each chunk a shape of its own. */
const items: EvaluateItem[] = Array.from({ length: 70 }, (_, i) => {
  const prompt = (length: number) => Array.from({ length }, (_, at) => (7 * i + 3 * at) % 250)
  return {
    thetaPrompts: [prompt(5 + (i % 9)), prompt(4 + (i % 5))],
    patchedPrompt: prompt(3),
    plainPrompts: [prompt(6 + (i % 7))],
    answerToken: i,
  }
})

describe('a split that is computed in parts', () => {
  it.each([1, 20, 33])(
    'of at most %i items or one chunk gives the same bits as the whole, θ included',
    async (most) => {
      const whole = await engine.evaluate({ items, layers, thetas: 'mean' })
      const parts = cutItems(
        items.map(() => 1),
        16,
        { items: most, bytes: Infinity },
      )
      expect(parts.length).toBeGreaterThan(1)
      const patched = []
      const plain = []
      let thetaSum: Float64Array | undefined
      let thetas: Float32Array | undefined
      for (const { first, end } of parts) {
        expect(thetas).toBeUndefined()
        const part = { first, of: items.length, ...(thetaSum ? { thetaSum } : {}) }
        const found = await engine.evaluate({ items: items.slice(first, end), layers, thetas: 'mean', part })
        patched.push(...found.patched)
        plain.push(...found.plain)
        thetaSum = found.thetaSum
        thetas = found.thetas
      }
      expect(patched).toEqual(whole.patched)
      expect(plain).toEqual(whole.plain)
      expect(thetas).toEqual(whole.thetas)
    },
  )

  it('is refused if a part does not begin and end at chunk boundaries', async () => {
    const part = { first: 3, of: items.length }
    await expect(engine.evaluate({ items: items.slice(3, 14), layers, part })).rejects.toThrow(
      'items 3 to 14 of 70 do not begin and end at chunk boundaries',
    )
  })
})

describe('cutting items', () => {
  it('gives parts of whole chunks, in order, without gaps, within the limits if chunks are', () => {
    for (const total of [0, 1, 15, 16, 17, 70, 1001]) {
      const sizes = Array.from({ length: total }, (_, i) => 1 + (i % 13))
      const bounds = chunkBounds(total, 16)
      const parts = cutItems(sizes, 16, { items: 50, bytes: 300 })
      expect(parts.flatMap(({ first, end }) => [first, end]).every((at) => bounds.includes(at))).toBe(true)
      expect([0, ...parts.map(({ end }) => end)]).toEqual([...parts.map(({ first }) => first), total])
      for (const { first, end } of parts) expect(end - first).toBeLessThanOrEqual(50)
    }
  })

  it('makes a chunk that exceeds a limit a part of its own', () => {
    expect(cutItems(Array<number>(32).fill(100), 16, { items: 1, bytes: 1 })).toEqual([
      { first: 0, end: 16 },
      { first: 16, end: 32 },
    ])
  })
})
