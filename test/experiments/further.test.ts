import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Item } from '../../src/domain/types.js'
import type { EvaluateRequest, AnswerMetrics } from '../../src/engine/engine.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { addition } from '../../src/experiments/addition/forward-passes.js'
import { conflictingTasks } from '../../src/experiments/conflicting/forward-passes.js'
import { demonstrationSets } from '../../src/experiments/demonstration-sets/forward-passes.js'
import { layerTransfer } from '../../src/experiments/layer-transfer/forward-passes.js'
import { promptsOf } from '../../src/experiments/prompts.js'
import { runDev } from '../../src/experiments/main/main-experiment.js'
import { multiContext } from '../../src/experiments/multi-context/forward-passes.js'
import { robustnessLayers, robustnessThetas } from '../../src/experiments/robustness/forward-passes.js'
import { templateTransfer } from '../../src/experiments/template-transfer/forward-passes.js'
import { vocabularyProjection } from '../../src/experiments/projection/forward-passes.js'
import { makeTinyModel } from '../tiny-model.js'

/** Each experiment against the same quantity computed otherwise: the plain route, or the main experiment. */

let engine: LocalEngine
beforeAll(async () => {
  engine = await loadEngine(makeTinyModel(join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'tiny')))
})
afterAll(() => engine.close())

const item = (query: string, inputs: string, dummyQueries: string[]): Item => ({
  demonstrations: [...inputs].map((input) => ({ input, output: input.toUpperCase() })),
  query,
  answer: query.toUpperCase(),
  accept: [],
  dummyQueries,
})
const items = [item('a', 'bcd', ['e', 'f']), item('g', 'hij', ['k', 'b']), item('c', 'lmn', ['o', 'p'])]
const place = { model: 'tiny', modelHash: '', task: 'upper', scoring: 'exact' as const }
const step = { ...place, items }
const layers = [0, 1, 2, 3, 4, 5]

function close(a: number | null | undefined, b: number): void {
  expect(Math.abs((a ?? NaN) - b)).toBeLessThan(1e-4)
}

/** Mean log-probability of the answers, one patched prompt at a time. */
async function plainly(request: Omit<EvaluateRequest, 'route'>, layerIndex = 0): Promise<number> {
  const { patched } = await engine.evaluate({ ...request, route: 'plain' })
  const readings = patched.map((row) => row[layerIndex] as AnswerMetrics)
  return readings.reduce((sum, { answerLogProb }) => sum + answerLogProb, 0) / readings.length
}

async function patchedItems(of: readonly Item[] = items) {
  return (await promptsOf(engine, of)).map(({ theta, bare, answerToken }) => ({
    thetaPrompts: theta,
    patchedPrompt: bare,
    plainPrompts: [],
    answerToken,
  }))
}

describe('robustness', () => {
  it('scores its dev items as the main experiment does', async () => {
    const { scores } = await robustnessLayers(engine, { ...step, layers: [2, 3] }, {})
    const { runs } = await runDev(engine, items, 'exact', [2, 3])
    expect(scores.map(({ layer, correct, answerLogProb }) => ({ layer, correct, answerLogProb }))).toEqual(
      runs.map(({ layer, predictions }) => ({
        layer,
        correct: predictions.correct.filter(Boolean).length,
        answerLogProb: predictions.answerLogProbs.reduce((a, b) => a + b, 0) / items.length,
      })),
    )
  })

  it('gives the θ that the plain route computes', async () => {
    const { base64 } = await robustnessThetas(engine, { ...step, layer: 3, firstItem: 0 }, {})
    const given = new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer)
    const request = {
      items: await patchedItems(),
      layers: [3],
      thetas: 'each' as const,
      route: 'plain' as const,
    }
    const { thetas = [] } = await engine.evaluate(request)
    expect(given).toHaveLength(3 * engine.info.dModel)
    given.forEach((value, i) => close(value, thetas[i] as number))
  })
})

describe('conflicting tasks', () => {
  it('patch θ of B into the prompt of A, and score each answer against both', async () => {
    const pairs = items.map((a) => ({ a, b: { ...item(a.query, 'xyz', ['r', 's']), answer: a.query } }))
    const input = {
      ...place,
      scoringA: 'prefix' as const,
      scoringB: 'exact' as const,
      layer: 2,
      items: pairs,
    }
    const { regular, conflicting, queries } = await conflictingTasks(engine, input, {})
    const ofA = await promptsOf(engine, items)
    const ofB = await promptsOf(
      engine,
      pairs.map(({ b }) => b),
    )
    const patched = await plainly({
      items: ofA.map(({ regular: patchedPrompt }, i) => ({
        thetaPrompts: ofB[i]?.theta ?? [],
        patchedPrompt,
        plainPrompts: [],
        answerToken: ofB[i]?.answerToken ?? 0,
      })),
      layers: [2],
    })
    close(conflicting.answerLogProbs.reduce((a, b) => a + b, 0) / 3, patched)
    expect(regular.tokens).not.toEqual(conflicting.tokens)
    expect(queries[0]).toEqual({ query: 'a', answerA: 'A', answerB: 'a' })
    expect(regular.correctA).toHaveLength(3)
  })
})

describe('the projection', () => {
  it("of the last L's mean θ gives, for one item, that prompt's own next tokens", async () => {
    const one = [item('a', 'bcd', ['e'])]
    const { layers: projected } = await vocabularyProjection(engine, { ...place, items: one, top: 3 }, {})
    expect(projected.map(({ layer }) => layer)).toEqual(layers)
    const [prompts] = await promptsOf(engine, one)
    const logits = [...(await engine.logits(prompts?.theta[0] ?? []))]
    const best = logits.map((logit, token) => ({ logit, token })).sort((a, b) => b.logit - a.logit)
    const last = projected.at(-1)
    expect(last?.tokens.map(({ token }) => token)).toEqual(best.slice(0, 3).map(({ token }) => token))
    const rank = best.findIndex(({ token }) => token === prompts?.answerToken) + 1
    expect(last).toMatchObject({ items: 1, meanRank: rank, top100: Number(rank <= 100) })
  })
})

describe('θ averaged over demonstration sets', () => {
  it('is, with one set, the θ of that set; a query in all sets but few is left out', async () => {
    const pool = [item('q', 'rst', ['u']), item('v', 'awx', ['y']), item('w', 'xyz', ['r'])]
    const { scores } = await demonstrationSets(engine, { ...step, pool, sets: [1, 3], layer: 2 }, {})
    const own = await promptsOf(engine, pool)
    close(
      scores[0]?.answerLogProb,
      await plainly({
        items: (await patchedItems()).map((each) => ({ ...each, thetaPrompts: own[0]?.theta ?? [] })),
        layers: [2],
      }),
    )
    // "a" stands in the second set.
    expect(scores.map(({ setting, items: count }) => [setting, count])).toEqual([
      ['1', 3],
      ['3', 2],
    ])
    close(
      scores[1]?.answerLogProb,
      await plainly({
        items: (await patchedItems(items.slice(1))).map((each) => ({
          ...each,
          thetaPrompts: own.flatMap(({ theta }) => theta),
        })),
        layers: [2],
      }),
    )
  })
})

describe('multi-context θ', () => {
  it("is the mean over the other items' prompts that do not contain the query", async () => {
    const { scores } = await multiContext(engine, step, {})
    const prompts = await promptsOf(engine, items)
    const regular = (i: number) => prompts[i]?.regular ?? []
    // "c" stands among the demonstrations of the first item.
    const others = [[regular(1), regular(2)], [regular(0), regular(2)], [regular(1)]]
    const request = (await patchedItems()).map((each, i) => ({ ...each, thetaPrompts: others[i] ?? [] }))
    expect(scores.map(({ layer }) => layer)).toEqual(layers)
    for (const layer of [0, 3, 5])
      close(scores[layer]?.answerLogProb, await plainly({ items: request, layers }, layer))
  })
})

describe('layer transfer', () => {
  it('has the ordinary curve on its diagonal, and elsewhere θ of one layer at another', async () => {
    const { scores } = await layerTransfer(engine, { ...step, layers: [1, 3] }, {})
    const at = (source: number, target: number) =>
      scores.find(({ sourceLayer, layer }) => sourceLayer === source && layer === target)?.answerLogProb
    expect(scores).toHaveLength(4)
    const bare = await patchedItems()
    close(at(1, 1), await plainly({ items: bare, layers: [1] }))
    close(at(3, 3), await plainly({ items: bare, layers: [3] }))
    const { thetas = new Float32Array(0) } = await engine.evaluate({
      items: bare,
      layers: [1],
      thetas: 'each',
    })
    const { dModel } = engine.info
    const moved = bare.map((each, i) => ({
      ...each,
      thetaPrompts: [],
      givenTheta: thetas.slice(i * dModel, (i + 1) * dModel),
    }))
    close(at(1, 3), await plainly({ items: moved, layers: [3] }))
    expect(at(1, 3)).not.toBe(at(3, 1))
  })
})

describe('template transfer', () => {
  it('puts the query in place of {x}, unchanged', async () => {
    const odd = [{ ...item('a', 'bcd', ['e']), query: '$&' }]
    const { scores } = await templateTransfer(
      engine,
      { ...place, items: odd, templates: ['<{x}>'], layer: 2 },
      {},
    )
    const [prompts] = await promptsOf(engine, odd)
    const [patchedPrompt = []] = await engine.encode(['<$&>'])
    const { theta: thetaPrompts = [], answerToken = 0 } = prompts ?? {}
    const request = [{ thetaPrompts, patchedPrompt, plainPrompts: [], answerToken }]
    close(scores[0]?.answerLogProb, await plainly({ items: request, layers: [2] }))
    expect(scores[0]?.setting).toBe('<{x}>')
  })
})

describe('addition', () => {
  it('adds θ where the main experiment replaces the state', async () => {
    const { scores } = await addition(engine, step, {})
    const bare = await patchedItems()
    for (const layer of [0, 4]) {
      close(scores[layer]?.answerLogProb, await plainly({ items: bare, layers, patch: 'add' }, layer))
      expect(scores[layer]?.answerLogProb).not.toBeCloseTo(await plainly({ items: bare, layers }, layer), 3)
    }
  })
})
