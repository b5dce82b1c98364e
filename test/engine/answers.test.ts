import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identify } from '../../src/architectures/catalog.js'
import { BlockSessions } from '../../src/engine/block-sessions.js'
import type { AnswerMetrics, EvaluateItem, EvaluateRequest, EvaluateResult } from '../../src/engine/engine.js'
import { loadEngine, LocalEngine } from '../../src/engine/local-engine.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { answersGolden, answersModel, largestDifference, tinyFolder, tinyModels } from '../golden/read.js'

const token = fc.integer({ min: 1, max: 95 })
const tokens = (minLength: number, maxLength: number) => fc.array(token, { minLength, maxLength })

const item: fc.Arbitrary<EvaluateItem> = fc
  .record({ s: tokens(0, 8), x: tokens(1, 3), dummy: tokens(1, 3), arrow: token, answer: tokens(1, 4) })
  .map(({ s, x, dummy, arrow, answer }) => ({
    thetaPrompts: [[...s, ...dummy, arrow]],
    patchedPrompt: [...x, arrow],
    plainPrompts: [
      [...s, ...x, arrow],
      [...x, arrow],
    ],
    answerToken: answer[0] as number,
    answerTokens: answer,
  }))

const request: fc.Arbitrary<EvaluateRequest> = fc.record({
  items: fc.array(item, { minLength: 1, maxLength: 5 }),
  layers: fc.subarray([0, 1, 2], { minLength: 1 }),
  patch: fc.constantFrom('replace' as const, 'add' as const),
  generate: fc.record({
    maxTokens: fc.integer({ min: 1, max: 5 }),
    stop: fc.constantFrom([], ['7'], ['t31', '4']),
  }),
})

const readings = ({ patched, plain }: EvaluateResult) => [...patched, ...plain].flat()
const exact = (result: EvaluateResult) =>
  readings(result).map(({ tokens, answerRank, wholeAnswer }) => [tokens, answerRank, wholeAnswer?.rank])
const logProbs = (result: EvaluateResult) => readings(result).map((one) => one.wholeAnswer?.logProb ?? NaN)

function expectEqual(a: EvaluateResult, b: EvaluateResult): void {
  expect(exact(a)).toEqual(exact(b))
  expect(largestDifference(logProbs(a), logProbs(b))).toBeLessThan(1e-4)
}

/** The tiny model with its weights read from disk, a block at a time. */
async function streamed(name: string): Promise<LocalEngine> {
  const folder = tinyFolder(name)
  const { info, plan, ...rest } = await loadEngine(folder)
  const { tokenizer, endTokens } = rest as unknown as { tokenizer: never; endTokens: never }
  const { decoder, checkpoint } = identify(await openCheckpoint(folder))
  const sessions = await BlockSessions.load(checkpoint, decoder, 'streamed')
  const passes = mkdtempSync(join(tmpdir(), 'taskvec-passes-'))
  const chosen = { ...plan, execution: 'streamed' as const, itemsPerPass: 16 }
  return new LocalEngine(sessions, tokenizer, info, chosen, passes, endTokens)
}

describe.each(tinyModels)('%s', (name) => {
  it('generates, step by step, what whole forward passes with θ at the prompt’s last token generate', async () => {
    const engine = await loadEngine(tinyFolder(name))
    await fc.assert(
      fc.asyncProperty(request, async (one) => {
        const plain = await engine.evaluate({ ...one, route: 'plain' })
        expectEqual(await engine.evaluate(one), plain)
      }),
      { seed: 20, numRuns: 10 },
    )
    await engine.close()
  })
})

describe.each(['f16', 'gptj', 'gpt2'])('%s', (name) => {
  it('generates the same with its weights streamed', async () => {
    const engine = await loadEngine(tinyFolder(name))
    const [one] = fc.sample(
      request.filter(({ generate }) => (generate?.maxTokens ?? 0) > 2),
      { seed: 3, numRuns: 1 },
    )
    const many = { ...(one as EvaluateRequest), items: fc.sample(item, { seed: 4, numRuns: 20 }) }
    expectEqual(await (await streamed(name)).evaluate(many), await engine.evaluate(many))
    await engine.close()
  })
})

describe('answers that transformers generates with a hook that patches θ in', () => {
  const { maxTokens, stop, items } = answersGolden()
  const models = [...new Set(items.map(({ model }) => model))]

  it.each(models)('%s: the same tokens at every L, regular and baseline', async (model) => {
    const of = items.filter((one) => one.model === model)
    const engine = await loadEngine(answersModel(model))
    const layers = of[0]?.answers.hypothesis.map((_, layer) => layer) ?? []
    const asked = of.map(({ theta, bare, regular }) => ({
      thetaPrompts: theta,
      patchedPrompt: bare,
      plainPrompts: [regular, bare],
      answerToken: 0,
    }))
    const { patched, plain } = await engine.evaluate({ items: asked, layers, generate: { maxTokens, stop } })
    await engine.close()
    const tokensOf = (readings: readonly AnswerMetrics[] = []) => readings.map(({ tokens }) => tokens)
    expect(plain.map(tokensOf)).toEqual(of.map(({ answers }) => [answers.regular, answers.baseline]))
    expect(patched.map(tokensOf)).toEqual(of.map(({ answers }) => answers.hypothesis))
  })
})

describe('a generated answer', () => {
  const one: EvaluateItem = {
    thetaPrompts: [[5, 6, 7, 8]],
    patchedPrompt: [9, 8],
    plainPrompts: [[5, 6, 9, 8]],
    answerToken: 3,
  }
  const ask = async (part: Partial<EvaluateRequest>) => {
    const engine = await loadEngine(tinyFolder('gqa-tied'))
    const result = await engine.evaluate({ items: [one], layers: [0, 1, 2], ...part })
    await engine.close()
    return result
  }

  it('begins with the token that is generated alone, and changes no other metric', async () => {
    const alone = await ask({})
    const whole = await ask({ generate: { maxTokens: 4, stop: [] } })
    const firsts = readings(whole).map(({ tokens: _, ...first }) => first)
    expect(firsts).toEqual(readings(alone))
    for (const reading of readings(whole)) expect(reading.tokens?.[0]).toBe(reading.token)
  })

  it('ends with the first token whose text has a stop text in it', async () => {
    const long = await ask({ generate: { maxTokens: 6, stop: [] } })
    const given = readings(long).map(({ tokens = [] }) => tokens)
    const third = given[0]?.[2] as number
    const stopped = await ask({ generate: { maxTokens: 6, stop: [`t${third}`] } })
    readings(stopped).forEach(({ tokens }, i) => {
      const found = given[i]?.findIndex((token) => `t${token}`.includes(`t${third}`)) as number
      expect(tokens).toEqual(found < 0 ? given[i] : given[i]?.slice(0, found + 1))
    })
  })

  it('has rank 1 if greedy generation gives it', async () => {
    const [reading] = (await ask({ generate: { maxTokens: 4, stop: [] } })).plain[0] ?? []
    const answerTokens = reading?.tokens ?? []
    const right = { ...one, answerToken: answerTokens[0] as number, answerTokens }
    const [again] = (await ask({ items: [right], generate: { maxTokens: 4, stop: [] } })).plain[0] ?? []
    expect(again?.wholeAnswer?.rank).toBe(1)
    expect(again?.wholeAnswer?.logProb).toBeLessThan(again?.answerLogProb ?? 0)
  })

  it.each([
    [{ generate: { maxTokens: 0, stop: [] } }, /maxTokens is 0/],
    [{ generate: { maxTokens: 2, stop: [''] } }, /empty stop text/],
    [{ generate: { maxTokens: 318, stop: [] } }, /prompt of 4 tokens and an answer of 318.*320 at most/],
    [{ items: [{ ...one, answerTokens: [4, 5] }] }, /answerToken 3 is not the first/],
  ])('of %o is refused', async (part, message) => {
    await expect(ask(part)).rejects.toMatchObject({
      code: 'TASK',
      message: expect.stringMatching(message) as string,
    })
  })
})
