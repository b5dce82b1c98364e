import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Item } from '../../src/domain/types.js'
import type { LocalEngine } from '../../src/engine/local-engine.js'
import { headOutputs, sumOf } from '../../src/experiments/function-vectors/vectors.js'
import { naturalText } from '../../src/experiments/natural-text/forward-passes.js'
import { naturalTextSetting } from '../../src/experiments/natural-text/natural-text.js'
import { checkTemplates, inSentence, templatesOf } from '../../src/experiments/natural-text/templates.js'
import { promptsOf } from '../../src/experiments/prompts.js'
import { otherHeads, probe } from '../../src/experiments/probing/forward-passes.js'
import { loadTinyEngine, upperItem } from './tiny-task.js'

let engine: LocalEngine
beforeAll(async () => {
  engine = await loadTinyEngine()
})
afterAll(() => engine.close())

const item = (query: string, inputs: string) => upperItem(query, inputs, ' ')
const items = [item('a', 'bcd'), item('g', 'hij'), item('c', 'lmn')]
const heads = [
  { layer: 1, head: 2 },
  { layer: 3, head: 0 },
]
const step = { model: 'tiny', modelHash: '', task: 'upper', scoring: 'exact' as const, seed: 41 }

describe('natural text', () => {
  it('writes the query into a sentence without the space that it has in prompts', () => {
    const written = inSentence({ ...items[0], query: ' $& {y}' } as Item, 'The word "{x}", means')
    expect(written).toMatchObject({ query: '$& {y}', answer: 'A', demonstrations: [] })
    expect(written.prompt).toMatchObject({ query: 'The word "{x}", means' })
  })

  it('has sentences for words, places and other knowledge, and takes others for all tasks or for one', () => {
    expect(templatesOf('linguistic_antonyms', {})).toHaveLength(5)
    expect(templatesOf('knowledge_country_capital', {})).toHaveLength(3)
    expect(templatesOf('knowledge_person_language', {})).toEqual(['When you think of {x},'])
    expect(templatesOf('a', ['Say {x}'])).toEqual(['Say {x}'])
    expect(templatesOf('a', { a: ['Say {x}'] })).toEqual(['Say {x}'])
    expect(() => checkTemplates({ b: ['Say {x}'] }, ['a'])).toThrow(
      "naturalText has templates of b, which is not among the sweep's tasks",
    )
  })

  it('can be switched on and off, and refuses sentences without a place for the query', () => {
    expect(naturalTextSetting.parse(undefined)).toMatchObject({ items: 20, maxTokens: 5, layers: 'best' })
    expect(naturalTextSetting.parse(false)).toBeNull()
    expect(naturalTextSetting.parse({ templates: { a: ['Say {x}'] } })).toMatchObject({
      templates: { a: ['Say {x}'] },
    })
    expect(() => naturalTextSetting.parse({ templates: ['Say it'] })).toThrow()
  })

  it('reads what follows the sentence, as the plain route does', async () => {
    const layers = {
      'theta-replaced': [0, 4],
      'theta-added': [2],
      'function-vector': [2],
      'random-vector': [2],
    }
    const template = 'see {x}, then'
    const found = await naturalText(
      engine,
      { ...step, items, clean: items, heads, templates: [template], layers, maxTokens: 3 },
      {},
    )
    expect(found.scores.map(({ kind, layer }) => [kind, layer])).toEqual([
      ['none', null],
      ['theta-replaced', 0],
      ['theta-replaced', 4],
      ['theta-added', 2],
      ['function-vector', 2],
      ['random-vector', 2],
    ])
    const { dModel } = engine.info
    const vector = sumOf(await headOutputs(engine, items, heads, {}), dModel)
    const texts = items.map(({ query }) => `see ${query.trim()}, then`)
    const prompts = await engine.encode(texts)
    const answered = await engine.encode(items.map(({ answer }, i) => `${texts[i]}${answer}`))
    const { patched, plain } = await engine.evaluate({
      items: prompts.map((prompt, i) => ({
        thetaPrompts: [],
        patchedPrompt: prompt,
        plainPrompts: [prompt],
        answerToken: answered[i]?.[prompt.length] as number,
      })),
      layers: [2],
      givenTheta: vector,
      patch: 'add',
      route: 'plain',
    })
    const mean = (readings: readonly (readonly { readonly answerLogProb: number }[])[]) =>
      readings.reduce((sum, [reading]) => sum + (reading?.answerLogProb ?? NaN), 0) / readings.length
    const of = (kind: string) => found.scores.find((score) => score.kind === kind)?.answerLogProb ?? NaN
    expect(of('function-vector')).toBeCloseTo(mean(patched), 4)
    expect(of('none')).toBeCloseTo(mean(plain), 4)
    expect(of('random-vector')).not.toBeCloseTo(mean(patched), 4)
  })
})

describe('probing', () => {
  it('names tasks from θ at every L, and from heads once one of them has written', async () => {
    const other = items.map((of) => ({
      ...of,
      demonstrations: of.demonstrations.map(({ input }) => ({ input, output: ' 7' })),
    }))
    const tasks = [
      { task: 'upper', items },
      { task: 'seven', items: other },
    ]
    const { scores, angles } = await probe(engine, { ...step, numerics: '{}', tasks, heads }, {})
    const of = (setting: string) => scores.filter((score) => score.setting === setting)
    expect(of('theta')).toHaveLength(6 * 2)
    expect(of('function-vector').map(({ layer }) => layer)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    expect(of('random-heads')).toHaveLength(5 * 2)
    for (const { items, correct } of scores) {
      expect(items).toBe(3)
      expect(correct).toBeLessThanOrEqual(3)
    }
    // Two tasks, two kinds of heads, five layers; a lone head's sum is the same from layer 1 to 2, and θ is not.
    expect(angles).toHaveLength(2 * 2 * 5)
    const upper = angles.filter(({ taskId, vector }) => taskId === 'upper' && vector === 'function-vector')
    const { captured } = await engine.components({
      items: (await promptsOf(engine, items)).flatMap(({ theta }) =>
        theta.map((prompt) => ({ prompt, branches: [], answerToken: 0 })),
      ),
      capture: { components: ['contributions', 'resid_post'], as: 'mean' },
    })
    const sum = captured.contributions?.[1]?.subarray(2 * 32, 3 * 32) as Float32Array
    const theta = captured.resid_post?.[2] as Float32Array
    const length = (of: Float32Array) => Math.hypot(...of)
    const dot = sum.reduce((total, value, i) => total + value * (theta[i] as number), 0)
    expect(upper[1]?.normSum).toBeCloseTo(length(sum), 4)
    expect(upper[1]?.normTheta).toBeCloseTo(length(theta), 4)
    expect(upper[1]?.cosine).toBeCloseTo(dot / (length(sum) * length(theta)), 4)
    expect(upper[0]?.normSum).toBe(upper[1]?.normSum)
    // Outputs of one task are letters, of the other digits: all that a last token reads of them differs.
    expect(of('theta').at(-1)?.correct).toBe(3)
  })

  it('takes other heads of the same layers, as long as there are any', () => {
    const others = otherHeads(heads, [4, 4, 4, 1], 41)
    expect(others).toHaveLength(1)
    expect(others[0]?.layer).toBe(1)
    expect(others[0]?.head).not.toBe(2)
  })
})
