import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LocalEngine } from '../../src/engine/local-engine.js'
import { learnedTheta } from '../../src/experiments/learned-theta/forward-passes.js'
import { evolve } from '../../src/statistics/evolution.js'
import { randomFor } from '../../src/statistics/random.js'
import { loadTinyEngine, upperItem } from './tiny-task.js'

let engine: LocalEngine
beforeAll(async () => {
  engine = await loadTinyEngine()
})
afterAll(() => engine.close())

describe('separable CMA-ES', () => {
  it('finds the maximum of an ill-conditioned function, the same one each time', async () => {
    const top = [3, -2, 0.5, 1]
    const width = [1, 0.2, 4, 1]
    const climb = () =>
      evolve({
        size: 4,
        generations: 120,
        random: randomFor('hill'),
        score: (candidates) =>
          Promise.resolve(
            candidates.map((at) =>
              at.reduce((sum, x, i) => sum - ((x - (top[i] as number)) / (width[i] as number)) ** 2, 0),
            ),
          ),
      })
    const found = await climb()
    found.forEach((x, i) => expect(x).toBeCloseTo(top[i] as number, 2))
    expect(await climb()).toEqual(found)
  })
})

describe('learned θ', () => {
  const items = [upperItem('a', 'bcd'), upperItem('g', 'hij')]
  const dev = [upperItem('c', 'lmn'), upperItem('p', 'qrs'), upperItem('t', 'uvw'), upperItem('e', 'fgh')]
  const step = {
    ...{ model: 'tiny', modelHash: '', task: 'upper', scoring: 'exact' as const, seed: 41 },
    ...{ items, dev, layer: 3, directions: 2, generations: 4 },
  }

  it('makes the answers of the dev items likelier than their mean θ does, and is the same each time', async () => {
    const { scores } = await learnedTheta(engine, step, {})
    expect(scores.map(({ setting, items }) => [setting, items])).toEqual([
      ['own', 2],
      ['mean', 2],
      ['mean-dev', 4],
      ['scaled', 2],
      ['scaled-dev', 4],
      ['learned', 2],
      ['learned-dev', 4],
    ])
    const of = (setting: string) => scores.find((score) => score.setting === setting)?.answerLogProb ?? NaN
    expect(of('scaled-dev')).toBeGreaterThanOrEqual(of('mean-dev') - 1e-6)
    expect(of('learned-dev')).toBeGreaterThan(of('mean-dev'))
    expect((await learnedTheta(engine, step, {})).scores).toEqual(scores)
  })
})
