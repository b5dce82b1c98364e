import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EvaluateItem, EvaluateRequest, EvaluateResult } from '../../src/engine/engine.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { forward, forwardLogits } from '../../src/engine/plain.js'
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

/** Equal tokens and ranks; log-probabilities and θ within the tolerance. */
function expectEqualReadings(a: EvaluateResult, b: EvaluateResult): void {
  const readings = ({ patched, plain }: EvaluateResult) => [...patched, ...plain].flat()
  expect(a.patched.map((row) => row.length)).toEqual(b.patched.map((row) => row.length))
  expect(readings(a).map((reading) => [reading.token, reading.answerRank])).toEqual(
    readings(b).map((reading) => [reading.token, reading.answerRank]),
  )
  const logProbs = (result: EvaluateResult) => readings(result).map((reading) => reading.answerLogProb)
  expect(largestDifference(logProbs(a), logProbs(b))).toBeLessThan(tolerance)
  if (a.meanTheta && b.meanTheta) expect(largestDifference(a.meanTheta, b.meanTheta)).toBeLessThan(tolerance)
}

const seeded = { seed: 41, numRuns: 12 }

describe.each(tinyModels)('%s', (name) => {
  it('the wavefront equals one full forward pass per prompt and per L', async () => {
    const engine = engineOf(name)
    const layers = fc.subarray(allLayers)
    const items = fc.array(item, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(items, layers, async (items, layers) => {
        const request = { items, layers, meanTheta: items.every(({ patchedPrompt }) => patchedPrompt) }
        const plain = await engine.evaluate({ ...request, route: 'plain' })
        expectEqualReadings(await engine.evaluate(request), plain)
      }),
      seeded,
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

describe('a request', () => {
  const engine = () => engineOf('gqa-tied')
  const many = fc.sample(item, { seed: 7, numRuns: 37 })
  const request: EvaluateRequest = { items: many, layers: allLayers }

  it('gives each item what it gives it alone', async () => {
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

  it('tells how far it is, up to 1', async () => {
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
    ['a layer the model lacks', [good], [3], /layers \[3\] must be ascending whole numbers from 0 to 2/],
    ['layers out of order', [good], [1, 0], /layers \[1, 0\]/],
    ['a layer twice', [good], [1, 1], /layers \[1, 1\]/],
    ['an unknown token', [{ ...good, plainPrompts: [[1, 96]] }], [0], /token id 96 is out of range.*0 to 95/],
    ['an unknown answer', [{ ...good, answerToken: -1 }], [0], /token id -1/],
    ['an empty prompt', [{ ...good, thetaPrompts: [[]] }], [0], /a prompt has no tokens/],
    ['no dummy query', [{ ...good, thetaPrompts: [] }], [0], /no dummy query/],
    [
      'a long prompt',
      [{ ...good, plainPrompts: [Array<number>(65).fill(1)] }],
      [0],
      /has 65 tokens.*64 at most/,
    ],
  ])('with %s is refused', async (_, items, layers, message) => {
    await expect(engine().evaluate({ items, layers })).rejects.toMatchObject({
      code: 'TASK',
      message: expect.stringMatching(message) as string,
    })
  })
})
