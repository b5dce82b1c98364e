import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replaced } from '../../src/engine/components.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { locateModel } from '../../src/models/locate.js'
import { largestDifference } from '../golden/read.js'

interface Prompt {
  readonly tokens: readonly number[]
  readonly answer: number
}

/** Written by test/golden/make_components.py: plain hooks on transformers, in f32. */
interface Golden {
  readonly clean: readonly Prompt[]
  readonly shuffled: readonly Prompt[]
  readonly zeroShot: readonly Prompt[]
  readonly stride: number
  /** `[blocks * heads * d_head]`, every `stride`-th value. */
  readonly means: readonly number[]
  /** `[shuffled][blocks * heads]` */
  readonly effects: readonly (readonly number[])[]
  readonly top: readonly (readonly [layer: number, head: number])[]
  /** `[d_model]`, every `stride`-th value. */
  readonly vector: readonly number[]
  readonly layers: readonly number[]
  /** `[layers][zeroShot]` */
  readonly predicted: readonly (readonly number[])[]
}
const golden = JSON.parse(
  readFileSync(new URL('../golden/smollm2-components.json', import.meta.url), 'utf8'),
) as Golden
/** Written by test/golden/make_public_accuracies.py: the public code of Todd et al. on the same prompts. */
const published = JSON.parse(
  readFileSync(new URL('../golden/smollm2-public-accuracies.json', import.meta.url), 'utf8'),
) as {
  /** By layer, as golden's. */
  readonly accuracies: readonly number[]
  /** From 0, `[layers][zeroShot]`. */
  readonly ranks: readonly (readonly number[])[]
}
const [blocks, heads, dHead, dModel] = [30, 9, 64, 576]

let engine: LocalEngine
beforeAll(async () => {
  engine = await loadEngine(locateModel({ id: 'smollm2-135m-q4' }))
})
afterAll(() => engine.close())

describe('SmolLM2-135M, against hooks on transformers', () => {
  it('has the same head outputs, indirect effects, top ten heads and function vector', async () => {
    const { captured } = await engine.components({
      items: golden.clean.map(({ tokens, answer }) => ({
        prompt: tokens,
        branches: [],
        answerToken: answer,
      })),
      capture: { components: ['heads', 'contributions'], as: 'mean' },
    })
    const means = captured.heads as readonly Float32Array[]
    const all = means.flatMap((mean) => [...mean])
    const kept = <T>(values: readonly T[]) => values.filter((_, i) => i % golden.stride === 0)
    expect(largestDifference(kept(all), golden.means)).toBeLessThan(1e-4)

    const places = Array.from(
      { length: blocks * heads },
      (_, i) => [Math.floor(i / heads), i % heads] as const,
    )
    const branches = places.map(([layer, head]) => [
      replaced(
        { component: 'heads', layer, head },
        means[layer]?.slice(head * dHead, (head + 1) * dHead) ?? new Float32Array(),
      ),
    ])
    const { own, branches: read } = await engine.components({
      items: golden.shuffled.map(({ tokens, answer }) => ({ prompt: tokens, branches, answerToken: answer })),
    })
    const effects = read.map((readings, item) =>
      readings.map(
        ({ answerLogProb }) => Math.exp(answerLogProb) - Math.exp(own[item]?.answerLogProb ?? NaN),
      ),
    )
    effects.forEach((of, item) =>
      expect(largestDifference(of, golden.effects[item] ?? [])).toBeLessThan(1e-3),
    )
    const mean = places.map((_, i) => effects.reduce((sum, of) => sum + (of[i] as number), 0))
    const top = places
      .map((place, i) => ({ place, effect: mean[i] as number }))
      .sort((a, b) => b.effect - a.effect)
      .slice(0, 10)
      .map(({ place }) => place)
    expect(top).toEqual(golden.top)

    const vector = new Float32Array(dModel)
    for (const [layer, head] of top)
      vector.forEach((value, i) => {
        vector[i] = value + (captured.contributions?.[layer]?.[head * dModel + i] ?? NaN)
      })
    expect(largestDifference(kept([...vector]), golden.vector)).toBeLessThan(1e-3)
    const { patched } = await engine.evaluate({
      items: golden.zeroShot.map(({ tokens, answer }) => ({
        thetaPrompts: [],
        patchedPrompt: tokens,
        plainPrompts: [],
        answerToken: answer,
      })),
      layers: golden.layers,
      givenTheta: Float32Array.from(golden.layers.flatMap(() => [...vector])),
      patch: 'add',
    })
    const predicted = golden.layers.map((_, l) => patched.map((readings) => readings[l]?.token))
    expect(predicted).toEqual(golden.predicted)

    const share = (right: readonly boolean[]) => right.filter(Boolean).length / right.length
    const accuracies = predicted.map((tokens) =>
      share(golden.zeroShot.map(({ answer }, i) => tokens[i] === answer)),
    )
    expect(accuracies).toEqual(published.accuracies)
    const ranks = golden.layers.map((_, l) => patched.map((readings) => (readings[l]?.answerRank ?? 0) - 1))
    expect(ranks).toEqual(published.ranks)
  })
})
