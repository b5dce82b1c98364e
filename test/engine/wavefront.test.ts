import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EvaluateItem, EvaluateRequest, EvaluateResult, AnswerMetrics } from '../../src/engine/engine.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { forward, forwardLogits } from '../../src/engine/reference-pass.js'
import { largestDifference, tinyFolder, tinyModels } from '../golden/read.js'

const tolerance = 1e-4
const vocab = 96
const allLayers = [0, 1, 2] // the tiny models have three blocks

const engines = new Map<string, LocalEngine>()
beforeAll(async () => {
  for (const name of tinyModels) engines.set(name, await loadEngine(tinyFolder(name)))
})
afterAll(async () => {
  for (const engine of engines.values()) await engine.close()
})
const engineOf = (name: string) => engines.get(name) as LocalEngine

const token = fc.integer({ min: 1, max: vocab - 1 })
const tokens = (minLength: number, maxLength: number) => fc.array(token, { minLength, maxLength })

/** An item as experiments make them: demonstrations shared by the query and the dummy queries, all of any length. */
const item: fc.Arbitrary<EvaluateItem> = fc
  .record({
    demonstrations: tokens(0, 12),
    query: tokens(1, 4),
    dummies: fc.array(tokens(1, 4), { minLength: 1, maxLength: 3 }),
    arrow: token,
    kind: fc.constantFrom('dev', 'test', 'baseline'),
    answerToken: token,
  })
  .map(({ demonstrations, query, dummies, arrow, kind, answerToken }) => ({
    thetaPrompts: kind === 'baseline' ? [] : dummies.map((dummy) => [...demonstrations, ...dummy, arrow]),
    patchedPrompt: kind === 'baseline' ? null : [...query, arrow],
    plainPrompts:
      kind === 'dev'
        ? []
        : kind === 'test'
          ? [
              [...demonstrations, ...query, arrow],
              [...query, arrow],
            ]
          : [[...query, arrow]],
    answerToken,
  }))

/** θ asked for or not, computed or given, put in place or added. */
function anyRequest(dModel: number): fc.Arbitrary<EvaluateRequest> {
  const value = fc.integer({ min: -300, max: 300 }).map((hundredths) => hundredths / 100)
  return fc
    .record({
      items: fc.array(item, { minLength: 1, maxLength: 6 }),
      layers: fc.subarray(allLayers),
      thetas: fc.constantFrom(undefined, 'mean' as const, 'each' as const),
      patch: fc.constantFrom('replace' as const, 'add' as const),
      given: fc.option(fc.array(value, { minLength: 3 * dModel, maxLength: 3 * dModel })),
    })
    .map(({ items, layers, thetas, patch, given }) => {
      if (given) {
        const givenTheta = Float32Array.from(given.slice(0, layers.length * dModel))
        return { items: items.map((one) => ({ ...one, thetaPrompts: [] })), layers, patch, givenTheta }
      }
      const dummies = items.every(({ thetaPrompts }) => thetaPrompts.length > 0)
      return { items, layers, patch, ...(thetas && dummies ? { thetas } : {}) }
    })
}

/** Equal tokens and ranks; log-probabilities and θ within the tolerance. */
function expectEqualReadings(a: EvaluateResult, b: EvaluateResult): void {
  const readings = ({ patched, plain }: EvaluateResult) => [...patched, ...plain].flat()
  expect(a.patched.map((row) => row.length)).toEqual(b.patched.map((row) => row.length))
  expect(readings(a).map((reading) => [reading.token, reading.answerRank])).toEqual(
    readings(b).map((reading) => [reading.token, reading.answerRank]),
  )
  const values = (result: EvaluateResult) =>
    readings(result).flatMap((reading) => [reading.answerLogProb, reading.answerLogitDifference])
  expect(largestDifference(values(a), values(b))).toBeLessThan(tolerance)
  if (a.thetas && b.thetas) expect(largestDifference(a.thetas, b.thetas)).toBeLessThan(tolerance)
}

const seeded = { seed: 41, numRuns: 24 }

describe.each(tinyModels)('%s', (name) => {
  it('the wavefront equals one full forward pass per prompt and per L', async () => {
    const engine = engineOf(name)
    await fc.assert(
      fc.asyncProperty(anyRequest(engine.info.dModel), async (request) => {
        const plain = await engine.evaluate({ ...request, route: 'plain' })
        expectEqualReadings(await engine.evaluate(request), plain)
      }),
      seeded,
    )
  })

  it('logits that are not numbers are refused', async () => {
    const { sessions } = engineOf(name)
    const vector = new Float32Array(sessions.decoder.dModel).fill(NaN)
    await expect(forwardLogits(sessions, [3, 14], { patch: { layer: 0, vector } })).rejects.toThrow(
      'logits that are not finite',
    )
  })

  it("patching a run's own state changes no logit", async () => {
    const { sessions } = engineOf(name)
    const prompt = [3, 14, 15, 92, 65, 35]
    const logits = await forwardLogits(sessions, prompt)
    const { lastStates } = await forward(sessions, prompt)
    for (const layer of allLayers) {
      const patch = { layer, vector: lastStates[layer] as Float32Array }
      expect(largestDifference(await forwardLogits(sessions, prompt, { patch }), logits)).toBeLessThan(
        tolerance,
      )
    }
    // and another run's state changes some
    const { lastStates: other } = await forward(sessions, [9, 8, 7])
    const patch = { layer: 1, vector: other[1] as Float32Array }
    expect(largestDifference(await forwardLogits(sessions, prompt, { patch }), logits)).toBeGreaterThan(0.1)
  })
})

describe('a task vector', () => {
  const engine = () => engineOf('gqa-tied')
  const items = fc
    .sample(item, { seed: 11, numRuns: 60 })
    .filter(({ patchedPrompt }) => patchedPrompt)
    .slice(0, 20)
  const dModel = () => engine().info.dModel
  /** What the bare prompts answer by themselves, once for each layer. */
  async function unpatched() {
    const bare = items.map((one) => ({
      ...one,
      thetaPrompts: [],
      patchedPrompt: null,
      plainPrompts: [one.patchedPrompt ?? []],
    }))
    const { plain } = await engine().evaluate({ items: bare, layers: [] })
    return {
      patched: plain.map(([reading]) => allLayers.map(() => reading as AnswerMetrics)),
      plain: [],
      seconds: 0,
    }
  }

  it.each(['wavefront', 'plain'] as const)('of a run itself changes nothing: %s', async (route) => {
    const own = items.map((one) => ({ ...one, thetaPrompts: [one.patchedPrompt ?? []], plainPrompts: [] }))
    expectEqualReadings(await engine().evaluate({ items: own, layers: allLayers, route }), await unpatched())
  })

  it.each(['wavefront', 'plain'] as const)('of zeros, added, changes nothing: %s', async (route) => {
    const givenTheta = new Float32Array(allLayers.length * dModel())
    const bare = items.map((one) => ({ ...one, thetaPrompts: [], plainPrompts: [] }))
    const request = { items: bare, layers: allLayers, route, givenTheta }
    expectEqualReadings(await engine().evaluate({ ...request, patch: 'add' }), await unpatched())
    const replaced = await engine().evaluate(request)
    expect(JSON.stringify(replaced.patched)).not.toBe(JSON.stringify((await unpatched()).patched))
  })

  it('given as it was returned answers as when it was computed', async () => {
    const [one] = items as [EvaluateItem]
    const request = { items: [one], layers: allLayers, thetas: 'each' as const }
    const computed = await engine().evaluate(request)
    expect(computed.thetas).toHaveLength(allLayers.length * dModel())
    const given = await engine().evaluate({
      items: [{ ...one, thetaPrompts: [] }],
      layers: allLayers,
      givenTheta: computed.thetas as Float32Array,
    })
    expectEqualReadings({ ...computed, thetas: new Float32Array() }, { ...given, thetas: new Float32Array() })
  })

  it('has as its mean the mean of those of the items, which need not be patched', async () => {
    const alone = items.map((one) => ({ ...one, patchedPrompt: null, plainPrompts: [] }))
    const request = { items: alone, layers: [0, 2] }
    const { thetas: each = [], patched } = await engine().evaluate({ ...request, thetas: 'each' })
    const { thetas: mean = [] } = await engine().evaluate({ ...request, thetas: 'mean' })
    expect(patched.flat()).toEqual([])
    const width = 2 * dModel()
    expect([each.length, mean.length]).toEqual([items.length * width, width])
    const means = Array.from(mean, (_, i) => {
      let sum = 0
      for (let row = 0; row < items.length; row++) sum += each[row * width + i] as number
      return sum / items.length
    })
    expect(largestDifference(mean, means)).toBeLessThan(1e-6)
  })

  it('projected after the last block gives the next token of its prompt', async () => {
    const { sessions } = engine()
    const prompt = [3, 14, 15, 92]
    const { lastStates } = await forward(sessions, prompt)
    const state = lastStates.at(-1) as Float32Array
    const vectors = Float32Array.from([...state, ...state.map((value) => -value)])
    const projections = await engine().project({ vectors, top: 5, tokens: [7, 95, 0] })
    const logits = await forwardLogits(sessions, prompt)
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
    const order = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
    expect(projections).toHaveLength(2)
    expect(projections[0]?.top.map(({ token }) => token)).toEqual(order.slice(0, 5))
    expect(projections[0]?.of.map(({ token, rank }) => [token, rank])).toEqual(
      [7, 95, 0].map((token) => [token, 1 + order.indexOf(token)]),
    )
    for (const { token, logProb } of [...(projections[0]?.top ?? []), ...(projections[0]?.of ?? [])])
      expect(logProb).toBeCloseTo(Math.log(Math.exp(logits[token] as number) / total), 4)
    expect(projections[1]?.top[0]?.token).not.toBe(projections[0]?.top[0]?.token)
  })

  it.each([
    [{ vectors: new Float32Array(3), top: 1, tokens: [] }, /3 values are not a whole number of vectors/],
    [{ vectors: new Float32Array(0), top: -1, tokens: [] }, /top is -1/],
    [{ vectors: new Float32Array(0), top: 1, tokens: [96] }, /token id 96/],
  ])('that cannot be projected is refused', async (request, message) => {
    await expect(engine().project(request)).rejects.toMatchObject({
      code: 'TASK',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('a request', () => {
  const engine = () => engineOf('gqa-tied')
  const many = fc.sample(item, { seed: 7, numRuns: 37 })
  const request: EvaluateRequest = { items: many, layers: allLayers }

  it('gives each item the same result as alone', async () => {
    const together = await engine().evaluate(request)
    for (const [i, member] of many.entries()) {
      const alone = await engine().evaluate({ ...request, items: [member] })
      expectEqualReadings(
        { ...together, patched: together.patched.slice(i, i + 1), plain: together.plain.slice(i, i + 1) },
        alone,
      )
    }
  })

  it('gives the same bytes every time', async () => {
    const first = await engine().evaluate(request)
    const again = await (await loadEngine(tinyFolder('gqa-tied'))).evaluate(request)
    expect(JSON.stringify([again.patched, again.plain])).toBe(JSON.stringify([first.patched, first.plain]))
  })

  it('gives the same with its layers in chunks of any size', async () => {
    const together = await engine().evaluate(request)
    for (const chunks of [
      [[0], [1], [2]],
      [[0, 1], [2]],
    ]) {
      const parts: EvaluateResult[] = []
      for (const layers of chunks) parts.push(await engine().evaluate({ ...request, layers }))
      const patched = many.map((_, i) => parts.flatMap((part) => part.patched[i] ?? []))
      expectEqualReadings({ ...(parts[0] as EvaluateResult), patched }, together)
    }
  })

  it('patches the only token of a prompt', async () => {
    const items = [{ thetaPrompts: [[5, 6, 7]], patchedPrompt: [7], plainPrompts: [[7]], answerToken: 1 }]
    const result = await engine().evaluate({ items, layers: allLayers })
    expectEqualReadings(result, await engine().evaluate({ items, layers: allLayers, route: 'plain' }))
    // Patched after the last block, the run answers as the θ prompt itself does.
    const [reading] = (
      await engine().evaluate({
        items: [{ thetaPrompts: [], patchedPrompt: null, plainPrompts: [[5, 6, 7]], answerToken: 1 }],
        layers: [],
      })
    ).plain[0] as [EvaluateResult['plain'][0][0]]
    expect(result.patched[0]?.at(-1)?.token).toBe(reading.token)
  })

  it('without items gives empty results', async () => {
    expect(await engine().evaluate({ items: [], layers: [] })).toMatchObject({ patched: [], plain: [] })
  })

  it('reports its progress, up to 1', async () => {
    const fractions: number[] = []
    await engine().evaluate(request, { onProgress: (fraction) => fractions.push(fraction) })
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect(new Set(fractions).size).toBeGreaterThan(6)
    expect(fractions.at(-1)).toBe(1)
  })

  it.each(['wavefront', 'plain'] as const)('stops between blocks when it is cancelled: %s', async (route) => {
    const controller = new AbortController()
    const running = engine().evaluate(
      { ...request, route },
      { signal: controller.signal, onProgress: () => controller.abort() },
    )
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  const good = { thetaPrompts: [[1, 2]], patchedPrompt: [2], plainPrompts: [], answerToken: 3 }
  it.each([
    ['too short a θ', { givenTheta: new Float32Array(3) }, /d_model/],
    [
      'θ both given and asked for',
      { givenTheta: new Float32Array(0), thetas: 'mean' as const },
      /none to return/,
    ],
    ['θ both given and computed', { givenTheta: new Float32Array(32) }, /dummy queries to compute it from/],
    ['a θ that is not finite', { givenTheta: new Float32Array(32).fill(NaN) }, /not finite/],
    [
      'θ of an item without dummy queries',
      { thetas: 'each' as const, items: [{ ...good, thetaPrompts: [], patchedPrompt: null }] },
      /is to give θ/,
    ],
  ])('with %s is refused', async (_, part, message) => {
    await expect(engine().evaluate({ items: [good], layers: [1], ...part })).rejects.toMatchObject({
      code: 'TASK',
      message: expect.stringMatching(message) as string,
    })
  })

  it.each([
    ['a layer the model lacks', [good], [3], /layers \[3\] must be ascending whole numbers from 0 to 2/],
    ['layers out of order', [good], [1, 0], /layers \[1, 0\]/],
    ['a layer twice', [good], [1, 1], /layers \[1, 1\]/],
    ['an unknown token', [{ ...good, plainPrompts: [[1, 96]] }], [0], /token id 96 is out of range.*0 to 95/],
    ['an unknown answer', [{ ...good, answerToken: -1 }], [0], /token id -1/],
    ['an empty prompt', [{ ...good, thetaPrompts: [[]] }], [0], /a prompt has no tokens/],
    ['no dummy query', [{ ...good, thetaPrompts: [] }], [0], /no dummy query/],
    [
      'a long prompt',
      [{ ...good, plainPrompts: [Array<number>(321).fill(1)] }],
      [0],
      /has 321 tokens.*320 at most/,
    ],
  ])('with %s is refused', async (_, items, layers, message) => {
    await expect(engine().evaluate({ items, layers })).rejects.toMatchObject({
      code: 'TASK',
      message: expect.stringMatching(message) as string,
    })
  })
})
