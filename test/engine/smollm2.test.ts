import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { locateModel } from '../../src/models/locate.js'
import { largestDifference, smolLm2Golden } from '../golden/read.js'

/** The real model, which `npm test` pulls first. */
let engine: LocalEngine
beforeAll(async () => {
  engine = await loadEngine(locateModel({ id: 'smollm2-135m-q4' }))
})
afterAll(() => engine.close())

describe('SmolLM2-135M', () => {
  it('has the logits that transformers computes in f32 (test/golden/make_smollm2.py)', async () => {
    const { prompts, sampleIds } = smolLm2Golden()
    expect(prompts).toHaveLength(20)
    expect(await engine.encode(prompts.map(({ text }) => text))).toEqual(prompts.map(({ tokens }) => tokens))
    for (const { tokens, topIds, topLogits, sampleLogits } of prompts) {
      const logits = await engine.logits(tokens)
      const at = (ids: readonly number[]) => ids.map((id) => logits[id] as number)
      expect(largestDifference(at(topIds), topLogits)).toBeLessThan(1e-3)
      expect(largestDifference(at(sampleIds), sampleLogits)).toBeLessThan(1e-3)
    }
  })

  it('predicts by the wavefront what it predicts prompt by prompt and L by L', async () => {
    const layers = [0, 9, 20, 29]
    const items = await Promise.all([
      item(['a', 'b', 'c', 'd', 'e'], (x) => x.toUpperCase(), ['q', 'm', 'z']),
      item(['France', 'Japan', 'Italy'], () => 'Paris', ['Switzerland', 'the United Kingdom', 'Peru']),
      item([' go', ' run'], (x) => `${x}ing`, [' understand', ' eat', ' sleep']),
    ])
    const wavefront = await engine.evaluate({ items, layers, thetas: 'mean' })
    const plain = await engine.evaluate({ items, layers, thetas: 'mean', route: 'plain' })
    for (const kind of ['patched', 'plain'] as const) {
      wavefront[kind].flat().forEach((reading, i) => {
        const expected = plain[kind].flat()[i]
        expect([reading.token, reading.answerRank]).toEqual([expected?.token, expected?.answerRank])
        expect(Math.abs(reading.answerLogProb - (expected?.answerLogProb ?? NaN))).toBeLessThan(1e-4)
      })
    }
    const scale = Math.max(...(plain.thetas ?? []).map(Math.abs))
    const difference = largestDifference(wavefront.thetas ?? [], plain.thetas ?? [])
    expect(difference / scale).toBeLessThan(1e-5)
  })
})

async function item(inputs: readonly string[], answer: (x: string) => string, queries: readonly string[]) {
  const demonstrations = inputs.map((x) => `example:${x}->${answer(x)}\n`).join('')
  const [query = '', ...dummies] = queries
  const [patchedPrompt = [], regular = [], ...thetaPrompts] = await engine.encode([
    `example:${query}->`,
    ...queries.map((x) => `${demonstrations}example:${x}->`),
  ])
  expect(dummies).toHaveLength(thetaPrompts.length)
  const [[answerToken = 0] = []] = await engine.encode([answer(query)])
  return { thetaPrompts, patchedPrompt, plainPrompts: [regular, patchedPrompt], answerToken }
}
