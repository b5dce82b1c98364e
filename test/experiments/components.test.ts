import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LocalEngine } from '../../src/engine/local-engine.js'
import { unitsOf } from '../../src/experiments/catalog.js'
import { functionVector } from '../../src/experiments/function-vectors/forward-passes.js'
import { geometry } from '../../src/experiments/function-vectors/geometry.js'
import { averageEffects } from '../../src/experiments/mediation/average.js'
import { mediationEffects, mediators } from '../../src/experiments/mediation/forward-passes.js'
import { promptsOf } from '../../src/experiments/prompts.js'
import { withShuffledLabels } from '../../src/experiments/shuffled-labels.js'
import { bootstrapMeans, pairedBootstrap } from '../../src/statistics/bootstrap.js'
import { loadTinyEngine, upperItem } from './tiny-task.js'

let engine: LocalEngine
beforeAll(async () => {
  engine = await loadTinyEngine()
})
afterAll(() => engine.close())

const clean = [upperItem('a', 'bcd'), upperItem('g', 'hij'), upperItem('c', 'lmn')]
const items = withShuffledLabels(clean, 41, 'upper')
const step = { model: 'tiny', modelHash: '', task: 'upper', scoring: 'exact' as const, seed: 41, clean }
const layers = [0, 1, 2, 3, 4, 5]
const close = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThan(1e-5)

describe('shuffled labels', () => {
  it('keep every input and output, and depend on seed, task and place only', () => {
    const many = Array.from({ length: 20 }, () => upperItem('a', 'bcdef'))
    const shuffled = withShuffledLabels(many, 41, 'upper')
    for (const { demonstrations } of shuffled) {
      expect(demonstrations.map(({ input }) => input)).toEqual([...'bcdef'])
      expect(demonstrations.map(({ output }) => output).sort()).toEqual([...'BCDEF'])
    }
    expect(shuffled).not.toEqual(many)
    expect(withShuffledLabels(many.slice(0, 3), 41, 'upper')).toEqual(shuffled.slice(0, 3))
    expect(withShuffledLabels(many, 42, 'upper')).not.toEqual(shuffled)
  })
})

describe('mediation', () => {
  it('of the residual stream is what patching the mean θ of clean prompts does', async () => {
    const {
      effects,
      clean: before,
      shuffled,
    } = await mediationEffects(engine, { ...step, items, components: [...mediators] }, {})
    expect(effects).toHaveLength(6 * (4 + 3))
    const ofClean = await promptsOf(engine, clean)
    const { thetas, plain } = await engine.evaluate({
      items: ofClean.map(({ regular, answerToken }) => ({
        thetaPrompts: [regular],
        patchedPrompt: null,
        plainPrompts: [regular],
        answerToken,
      })),
      layers,
      thetas: 'mean',
    })
    const prompts = await promptsOf(engine, items)
    const patched = await engine.evaluate({
      items: prompts.map(({ regular, answerToken }) => ({
        thetaPrompts: [],
        patchedPrompt: regular,
        plainPrompts: [regular],
        answerToken,
      })),
      layers,
      ...(thetas ? { givenTheta: thetas } : {}),
    })
    const mean = (of: readonly { readonly answerLogProb: number }[]) =>
      of.reduce((sum, { answerLogProb }) => sum + Math.exp(answerLogProb), 0) / of.length
    close(before, mean(plain.flat()))
    close(shuffled, mean(patched.plain.flat()))
    for (const layer of layers) {
      const found = effects.find((each) => each.component === 'resid_post' && each.layer === layer)
      close(found?.effect ?? NaN, mean(patched.patched.map((of) => of[layer] as never)) - shuffled)
    }
    for (const { low, effect, high } of effects) expect(low <= effect && effect <= high).toBe(true)
  })

  it('is included by function vectors, with its own settings if given', () => {
    const units = (...chosen: Parameters<typeof unitsOf>[0]) => unitsOf(chosen, ['a'])
    const vectors = { experiment: 'functionVectors', heads: 3, items: 2, prompts: 4 }
    const own = { experiment: 'mediation', items: 7, prompts: 4, components: ['heads'] }
    expect(units(vectors)).toMatchObject([
      { experiment: 'mediation', task: 'a', settings: { items: 25 } },
      { experiment: 'function_vectors', task: '' },
    ])
    for (const order of [
      [vectors, own],
      [own, vectors],
    ])
      expect(units(...order).find(({ experiment }) => experiment === 'mediation')).toMatchObject({
        settings: { items: 7 },
      })
  })

  it('is averaged over tasks', () => {
    const rows = ['a', 'b'].flatMap((task, t) =>
      [0, 1].map((head) => ({ task, component: 'heads', layer: 0, head, effect: t + 10 * head })),
    )
    expect(averageEffects(rows).map(({ head, effect, tasks }) => ({ head, effect, tasks }))).toEqual([
      { head: 0, effect: 0.5, tasks: 2 },
      { head: 1, effect: 10.5, tasks: 2 },
    ])
  })
})

describe('function vectors', () => {
  it('are sums of heads’ mean contributions, scored beside θ on the same items', async () => {
    const heads = [
      { layer: 1, head: 2 },
      { layer: 3, head: 0 },
    ]
    const found = await functionVector(engine, { ...step, items: clean, shuffled: items, heads }, {})
    expect(found.scores).toHaveLength(2 * 4 * 6)
    const prompts = await promptsOf(engine, clean)
    const { captured } = await engine.components({
      items: prompts.map(({ regular }) => ({ prompt: regular, branches: [], answerToken: 0 })),
      capture: { components: ['contributions'], as: 'mean' },
    })
    const of = ({ layer, head }: (typeof heads)[number]) =>
      captured.contributions?.[layer]?.slice(32 * head, 32 * (head + 1)) as Float32Array
    const [first, second] = heads.map(of) as [Float32Array, Float32Array]
    const vector = first.map((value, i) => value + (second[i] as number))
    const { patched } = await engine.evaluate({
      items: prompts.map(({ bare, answerToken }) => ({
        thetaPrompts: [],
        patchedPrompt: bare,
        plainPrompts: [],
        answerToken,
      })),
      layers: [2],
      givenTheta: vector,
      patch: 'add',
      route: 'plain',
    })
    const expected = patched.reduce((sum, [reading]) => sum + (reading?.answerLogProb ?? NaN), 0) / 3
    const at = (kind: string, layer: number) =>
      found.scores.find((each) => each.prompt === 'zero-shot' && each.kind === kind && each.layer === layer)
    expect(Math.abs((at('function-vector', 2)?.answerLogProb ?? NaN) - expected)).toBeLessThan(1e-4)
    // After the last block, the function vector's place is the last.
    expect(at('random-vector', 5)?.answerLogProb).not.toBe(at('function-vector', 5)?.answerLogProb)
  })

  it('relate to θ as vectors do', () => {
    const outputs = [Float32Array.of(2, 0, 0), Float32Array.of(1, 0, 0), Float32Array.of(0, 3, 0)]
    const vector = Float32Array.of(3, 3, 0)
    const thetas = Float32Array.of(1, 1, 0, 0, 0, 5, 1, 1, 0, 0, 0, 5) // two items, two blocks
    const [inside, outside] = geometry(thetas, vector, outputs, { blocks: 2, dModel: 3 })
    expect(inside).toMatchObject({ layer: 0, inRandomSpan: 2 / 3 })
    close(inside?.cosine ?? NaN, 1)
    close(inside?.inSpan ?? NaN, 1)
    expect(outside).toMatchObject({ layer: 1, cosine: 0, inSpan: 0, normTheta: 5 })
  })
})

describe('the bootstrap of several means', () => {
  it('agrees with the paired one, and is the value itself for one item', () => {
    const values = Array.from({ length: 30 }, (_, i) => Math.sin(i))
    const [of] = bootstrapMeans(
      values.map((value) => [value]),
      { seed: 1 },
    )
    const paired = pairedBootstrap(values, [...values.keys()], { seed: 1 })
    expect(Math.abs((of?.low ?? NaN) - paired.low)).toBeLessThan(0.02)
    expect(Math.abs((of?.high ?? NaN) - paired.high)).toBeLessThan(0.02)
    expect(bootstrapMeans([[0.5]], { seed: 1 })).toEqual([{ mean: 0.5, low: 0.5, high: 0.5 }])
  })
})
