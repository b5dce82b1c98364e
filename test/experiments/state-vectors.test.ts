import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LocalEngine } from '../../src/engine/local-engine.js'
import { promptsOf } from '../../src/experiments/prompts.js'
import { averaged } from '../../src/experiments/state-vectors/averages.js'
import { stateKinds, stateVectors } from '../../src/experiments/state-vectors/forward-passes.js'
import { loadTinyEngine, upperItem } from './tiny-task.js'

let engine: LocalEngine
beforeAll(async () => {
  engine = await loadTinyEngine()
})
afterAll(() => engine.close())

const items = [upperItem('a', 'bcd'), upperItem('g', 'hij'), upperItem('c', 'lmn')]
const step = { model: 'tiny', modelHash: '', task: 'upper', scoring: 'exact' as const, items, last: 3 }
const layers = [0, 1, 2, 3, 4, 5]

describe('averages of states', () => {
  const states = [10, 1, 2, 4, 9].map((value) => Float32Array.of(value))

  it('are the last one, the mean of some, and that mean extrapolated by the demonstrations’ differences', () => {
    // Of 1, 2, 4, 9: differences 1 and 2 of demonstrations, weighing 1/3 and 2/3.
    expect(averaged(states, 4)).toEqual({
      last: Float32Array.of(9),
      inner: Float32Array.of(4),
      momentum: Float32Array.of(4 + (1 + 2 * 2) / 3),
    })
  })

  it('are what the public code gives for ten demonstrations, seven of whose states count', () => {
    const eleven = Array.from({ length: 11 }, (_, i) => Float32Array.of(i * i))
    // It weighs the differences of the last six demonstrations by 1, 2, 4, 8, 16.
    const difference = (i: number) => i * i - (i - 1) * (i - 1)
    const moved = [5, 6, 7, 8, 9].reduce((sum, i, j) => sum + (2 ** j * difference(i)) / 31, 0)
    const mean = [4, 5, 6, 7, 8, 9, 10].reduce((sum, i) => sum + i * i, 0) / 7
    expect(averaged(eleven, 7).momentum[0]).toBeCloseTo(mean + moved, 4)
  })

  it('of one state or two are their mean', () => {
    for (const last of [1, 2]) expect(averaged(states, last).momentum).toEqual(averaged(states, last).inner)
    expect(averaged(states, 1).inner).toEqual(Float32Array.of(9))
  })
})

describe('state vectors', () => {
  it('are scored beside θ, which is that of every other experiment', async () => {
    const { scores } = await stateVectors(engine, step, {})
    expect(scores.map(({ setting }) => setting)).toEqual(stateKinds.flatMap((kind) => layers.map(() => kind)))
    const prompts = await promptsOf(engine, items)
    const { patched } = await engine.evaluate({
      items: prompts.map(({ theta, bare, answerToken }) => ({
        ...{ thetaPrompts: theta, patchedPrompt: bare, plainPrompts: [], answerToken },
      })),
      layers,
    })
    for (const layer of layers) {
      const expected = patched.reduce((sum, of) => sum + (of[layer]?.answerLogProb ?? NaN), 0) / 3
      const theta = scores.find((score) => score.setting === 'theta' && score.layer === layer)
      expect(Math.abs((theta?.answerLogProb ?? NaN) - expected)).toBeLessThan(1e-4)
    }
  })

  it('of heads in all blocks, with the query as dummy query, give the answer of [S, x, →] itself', async () => {
    // With one dummy query, the query itself, what is put in is what would be there with S: the same answer as [S, x, →].
    const own = items.map((each) => ({ ...each, dummyQueries: [each.query] }))
    const { scores } = await stateVectors(engine, { ...step, items: own, last: 1 }, {})
    const prompts = await promptsOf(engine, own)
    const { own: regular } = await engine.components({
      items: prompts.map(({ regular, answerToken }) => ({ prompt: regular, branches: [], answerToken })),
    })
    const expected = regular.reduce((sum, { answerLogProb }) => sum + answerLogProb, 0) / 3
    for (const kind of ['heads', 'heads-inner', 'heads-momentum'] as const) {
      const all = scores.find((score) => score.setting === kind && score.layer === layers.at(-1))
      expect(Math.abs((all?.answerLogProb ?? NaN) - expected)).toBeLessThan(1e-4)
    }
  })
})
